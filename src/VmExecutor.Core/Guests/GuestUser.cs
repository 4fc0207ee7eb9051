using System.Diagnostics.CodeAnalysis;

namespace VmExecutor.Core.Guests;

/// <summary>An account in the guest: letters, digits, <c>. _ -</c>, at most 32, beginning with a letter or underscore (useradd(8)).</summary>
public sealed record GuestUser
{
    public GuestUser(string name)
    {
        Value = IsValid(name) ? name : throw new ArgumentException($"'{name}' is not a user name", nameof(name));
    }

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out GuestUser? user)
    {
        user = text is not null && IsValid(text) ? new GuestUser(text) : null;
        return user is not null;
    }

    public override string ToString() => Value;

    private static bool IsValid(string name) =>
        name.Length is > 0 and <= 32
        && (char.IsAsciiLetter(name[0]) || name[0] == '_')
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
