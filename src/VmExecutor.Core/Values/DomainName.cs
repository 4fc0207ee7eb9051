namespace VmExecutor.Core.Values;

/// <summary>A clone's name for libvirt, also its host name: one DNS label, at most 63 of <c>a-z 0-9 -</c>.</summary>
public sealed record DomainName
{
    /// <summary>Begins the name of every domain of ours. The name alone proves nothing: the stamp does.</summary>
    public const string Prefix = "vmx-";

    public DomainName(string name)
    {
        var valid = name.Length is > 0 and <= 63
            && !name.StartsWith('-')
            && !name.EndsWith('-')
            && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
        Value = valid ? name : throw new ArgumentException($"'{name}' is not a host name label", nameof(name));
    }

    public string Value { get; }

    public override string ToString() => Value;
}
