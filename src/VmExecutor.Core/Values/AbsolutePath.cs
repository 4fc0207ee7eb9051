using System.Diagnostics.CodeAnalysis;

namespace VmExecutor.Core.Values;

/// <summary>A file or directory on the host by its absolute, normalized path (no <c>..</c>, no NUL, no line break).</summary>
public sealed record AbsolutePath
{
    public AbsolutePath(string path)
    {
        Value = TryNormalize(path, out var normal)
            ? normal
            : throw new ArgumentException($"'{path}' is not an absolute path without line breaks", nameof(path));
    }

    public string Value { get; }

    public string Name => Value[(Value.LastIndexOf('/') + 1)..];

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out AbsolutePath? path)
    {
        path = TryNormalize(text, out var normal) ? new AbsolutePath(normal) : null;
        return path is not null;
    }

    /// <summary>A child by one plain name; a name with a slash, or <c>..</c>, is refused.</summary>
    public AbsolutePath Child(string name) =>
        name is "" or "." or ".." || name.Contains('/', StringComparison.Ordinal)
            ? throw new ArgumentException($"'{name}' is not a plain file name", nameof(name))
            : new AbsolutePath($"{Value.TrimEnd('/')}/{name}");

    /// <summary>The path that <paramref name="text"/> names, seen from this directory; absolute text stays what it is.</summary>
    public AbsolutePath Resolve(string text) => new(From(text));

    /// <summary>As <see cref="Resolve"/>, for text that may have a NUL or a line break in it.</summary>
    public bool TryResolve(string text, [NotNullWhen(true)] out AbsolutePath? path) => TryParse(From(text), out path);

    /// <summary>The directory it lies in; the root's is the root.</summary>
    public AbsolutePath Parent()
    {
        var slash = Value.LastIndexOf('/');
        return new AbsolutePath(slash <= 0 ? "/" : Value[..slash]);
    }

    public override string ToString() => Value;

    private string From(string text) => text.StartsWith('/') ? text : $"{Value}/{text}";

    private static bool TryNormalize(string? text, [NotNullWhen(true)] out string? normal)
    {
        normal = null;
        if (text is null || !text.StartsWith('/') || text.AsSpan().IndexOfAny("\0\n\r") >= 0)
        {
            return false;
        }

        var parts = new List<string>();
        foreach (var part in text.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                if (parts.Count > 0)
                {
                    parts.RemoveAt(parts.Count - 1);
                }
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        normal = "/" + string.Join('/', parts);
        return true;
    }
}
