namespace VmExecutor.Core.Values;

/// <summary>
/// The name of a directory that is being made (<c>.new-SUBJECT-xxxxxxxx</c>) or removed (<c>.gone-SUBJECT-xxxxxxxx</c>), with eight random digits so
/// that no two are the same. A rename from the first to the subject's own name, or from that to the second, is one step: a process that is killed
/// leaves the whole directory, or a name that says that it is half made.
/// </summary>
public static class HalfMadeName
{
    public const string Making = ".new-";
    public const string Removing = ".gone-";
    private const int DigitCount = 8;

    /// <param name="kind"><see cref="Making"/> or <see cref="Removing"/>.</param>
    /// <param name="subject">What the directory is to be, or was.</param>
    /// <param name="digits"><see cref="Digits"/>.</param>
    public static string Of(string kind, string subject, string digits) => $"{kind}{subject}-{digits}";

    /// <summary>The eight digits of a random value.</summary>
    public static string Digits(Guid random) => random.ToString("N")[..DigitCount];

    /// <summary>Recognizes any name of the kind, with or without a subject.</summary>
    public static bool IsOne(string name) => name.StartsWith(Making, StringComparison.Ordinal) || name.StartsWith(Removing, StringComparison.Ordinal);

    /// <summary>The subject of such a name; null: it is no such name.</summary>
    /// <param name="name">A directory's name.</param>
    /// <param name="kind">Only this one; null: either.</param>
    public static string? SubjectOf(string name, string? kind = null)
    {
        string[] kinds = kind is null ? [Making, Removing] : [kind];
        var found = kinds.FirstOrDefault(one => name.StartsWith(one, StringComparison.Ordinal));
        return found is not null && name.Length > found.Length + DigitCount + 1 && name[^(DigitCount + 1)] == '-'
            ? name[found.Length..^(DigitCount + 1)]
            : null;
    }
}
