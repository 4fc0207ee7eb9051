using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace VmExecutor.Core.ProjectDisks;

/// <summary>
/// The name of a project's disk, and of its directory: the project's number and a hash of all that tells its jobs from others. The hash is a cryptographic one, since
/// a project chooses the names of its branches and jobs, and must not be able to choose those that get another's disk.
/// </summary>
public sealed partial record ProjectDiskKey
{
    private const int HashLength = 24;

    private ProjectDiskKey(string value) => Value = value;

    /// <summary>Digits, <c>-</c>, and hexadecimal digits.</summary>
    public string Value { get; }

    public static ProjectDiskKey Of(ProjectDiskOwner owner)
    {
        // Each part with its length before it: so no two owners are one text.
        string[] parts = [owner.Server, owner.ProjectId.ToString(CultureInfo.InvariantCulture), owner.Image, owner.Scope.ToString(), owner.Part];
        var text = string.Concat(parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Length}:{part}")));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.Unicode.GetBytes(text)));
        return new(string.Create(CultureInfo.InvariantCulture, $"{owner.ProjectId}-{hash[..HashLength]}"));
    }

    /// <summary>A key as it was written.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ProjectDiskKey? key)
    {
        key = text is not null && Pattern().IsMatch(text) ? new ProjectDiskKey(text) : null;
        return key is not null;
    }

    public override string ToString() => Value;

    [GeneratedRegex(@"\A(?:0|[1-9][0-9]{0,18})-[0-9a-f]{24}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
