using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi;

/// <summary>A node of a <c>.gitlab-ci.yml</c> with its place; never changed, so an anchor's node may stand in many places.</summary>
internal abstract record CiNode(Position At)
{
    /// <summary>The number of levels below it.</summary>
    public int Height => this switch
    {
        CiList { Items.Count: > 0 } list => 1 + list.Items.Max(item => item.Height),
        CiMap { Entries.Count: > 0 } map => 1 + map.Entries.Max(entry => entry.Value.Height),
        _ => 0,
    };
}

/// <summary>A single value with the type that GitLab's parser gives it.</summary>
/// <param name="At">The place in the file.</param>
/// <param name="Kind">Its type.</param>
/// <param name="Text">As Ruby turns it into a text: 420 for <c>0644</c>, empty for null.</param>
/// <param name="Written">As it stands in the file.</param>
internal sealed record CiScalar(Position At, CiKind Kind, string Text, string Written) : CiNode(At)
{
    public bool IsNull => Kind == CiKind.Null;

    /// <summary>True for a value that GitLab takes where it wants a text: a text or a symbol, and nothing else.</summary>
    public bool IsText => Kind is CiKind.Text or CiKind.Symbol;

    /// <summary>GitLab's "alphanumeric": a text or a whole number.</summary>
    public bool IsAlphanumeric => IsText || Kind == CiKind.Integer;

    /// <summary>Null: no truth value.</summary>
    public bool? Truth => Kind == CiKind.Boolean ? Text == "true" : null;

    /// <summary>The value for messages, with its type where the type is a surprise: <c>3.10 is the float 3.1 to YAML</c>.</summary>
    public string Described => Kind switch
    {
        CiKind.Text or CiKind.Symbol => $"{Quote.Text(Written)} is a text",
        CiKind.Null => "there is no value",
        CiKind.Date or CiKind.Time => $"{Quote.Plain(Written)} is a {(Kind == CiKind.Date ? "date" : "time")} to YAML",
        _ when Text == Written => $"{Quote.Plain(Written)} is {Noun} to YAML",
        _ => $"{Quote.Plain(Written)} is {Noun} to YAML ({Text})",
    };

    private string Noun => Kind switch
    {
        CiKind.Boolean => "a boolean",
        CiKind.Integer => "an integer",
        _ => "a float",
    };

    /// <summary>Without quotes: its type is what it looks like.</summary>
    public static CiScalar Plain(Position at, string written)
    {
        var (kind, text) = CiScalars.Resolve(written);
        return new CiScalar(at, kind, text, written);
    }

    public static CiScalar OfText(Position at, string text) => new(at, CiKind.Text, text, text);

    public static CiScalar Null(Position at) => new(at, CiKind.Null, "", "");
}

internal sealed record CiList(Position At, IReadOnlyList<CiNode> Items) : CiNode(At);

internal sealed record CiMap(Position At, IReadOnlyList<CiEntry> Entries) : CiNode(At)
{
    /// <summary>Null: there is no such key.</summary>
    public CiEntry? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key && entry.HasTextKey);

    /// <summary>The value of a key; null: it is not there, or is YAML's null, which GitLab takes for the same.</summary>
    public CiNode? Get(string key) => Find(key)?.Value is { } value and not CiScalar { IsNull: true } ? value : null;
}

/// <summary>A key with its value.</summary>
/// <param name="KeyNode">Keys have types, too: <c>on:</c> is the key true.</param>
/// <param name="Value">Its value.</param>
internal sealed record CiEntry(CiScalar KeyNode, CiNode Value)
{
    public string Key => KeyNode.Text;

    public Position KeyAt => KeyNode.At;

    /// <summary>False: to GitLab it is no keyword and no name.</summary>
    public bool HasTextKey => KeyNode.IsText;

    /// <summary>Two keys are the same if they have the same type and text.</summary>
    public (bool, string) Identity => (HasTextKey, Key);
}

/// <summary>A value that only a file that was not read could give; it stands where it is not needed.</summary>
internal sealed record CiUnknown(Position At) : CiNode(At);

/// <summary><c>!reference [job, key, …]</c>: stands for the value at that place.</summary>
internal sealed record CiReference(Position At, IReadOnlyList<string> Path) : CiNode(At)
{
    public override string ToString() => $"!reference [{string.Join(", ", Path.Select(Quote.Plain))}]";
}
