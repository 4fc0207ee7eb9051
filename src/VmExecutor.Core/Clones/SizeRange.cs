using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>The range in which a job may choose one size.</summary>
/// <param name="Variable">The job variable that says it.</param>
/// <param name="Least">Null: not known yet.</param>
/// <param name="Most">Null: not known yet.</param>
internal readonly record struct SizeRange<T>(string Variable, T? Least, T? Most)
    where T : struct, IComparable<T>
{
    private const int LongestShown = 60;

    /// <summary>The range that an image's limits and its own size leave; where a limit is not said, it is the size itself.</summary>
    public static SizeRange<T> Around(string variable, T? own, T? least, T? most)
    {
        // A source may lie outside of what jobs may choose; where the other limit is not said, its own size is still one of the range.
        var (low, high) = (least ?? own, most ?? own);
        var empty = low is { } l && high is { } h && l.CompareTo(h) > 0;
        return empty && least is null ? new(variable, high, high) : empty && most is null ? new(variable, low, low) : new(variable, low, high);
    }

    /// <exception cref="BuildFailureException">The value lies outside.</exception>
    public T Check(T value, string written, string image)
    {
        if (Least is { } least && value.CompareTo(least) < 0 || Most is { } most && value.CompareTo(most) > 0)
        {
            throw new BuildFailureException(
                ErrorCodes.SizeOutOfRange,
                $"{Variable} is '{PlainText.OneLine(written, LongestShown)}', and image '{image}' allows {Allowed()}",
                $"Set {Variable} of the job in .gitlab-ci.yml to what is allowed, or leave it out.");
        }

        return value;
    }

    public BuildFailureException NotUnderstood(string written, string form) => new(
        ErrorCodes.SizeNotUnderstood,
        $"{Variable} is '{PlainText.OneLine(written, LongestShown)}', which is not {form}{(Least is null && Most is null ? "" : $"; allowed: {Allowed()}")}",
        $"Correct {Variable} of the job in .gitlab-ci.yml, or leave it out.");

    private string Allowed() => (Least, Most) switch
    {
        ({ } least, { } most) when least.CompareTo(most) == 0 => $"only {least}",
        ({ } least, { } most) => $"{least} to {most}",
        ({ } least, null) => $"at least {least}",
        (null, var most) => $"at most {most}",
    };
}
