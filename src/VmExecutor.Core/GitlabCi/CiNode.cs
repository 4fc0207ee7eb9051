using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.Core.GitlabCi;

/// <summary>A node of a <c>.gitlab-ci.yml</c> with its place; never changed, so an anchor's node may stand in many places.</summary>
internal abstract record CiNode(Position At);

/// <summary>A single value as it was written.</summary>
/// <param name="At">Where.</param>
/// <param name="Text">Its text.</param>
/// <param name="IsPlain">Without quotes or a block's <c>|</c>: YAML then reads numbers, <c>true</c> and <c>null</c> out of it.</param>
internal sealed record CiScalar(Position At, string Text, bool IsPlain) : CiNode(At)
{
    public bool IsNull => IsPlain && Text is "" or "~" or "null" or "Null" or "NULL";

    /// <summary>What YAML 1.1, which GitLab's parser speaks, takes for a truth value; null: nothing.</summary>
    public bool? Truth => !IsPlain ? null : Text.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" => true,
        "false" or "no" or "off" => false,
        _ => null,
    };
}

internal sealed record CiList(Position At, IReadOnlyList<CiNode> Items) : CiNode(At);

internal sealed record CiMap(Position At, IReadOnlyList<CiEntry> Entries) : CiNode(At)
{
    /// <summary>Null: there is no such key.</summary>
    public CiEntry? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key);

    /// <summary>The value of a key; null: it is not there, or is YAML's null, which GitLab takes for the same.</summary>
    public CiNode? Get(string key) => Find(key)?.Value is { } value and not CiScalar { IsNull: true } ? value : null;
}

internal sealed record CiEntry(string Key, Position KeyAt, CiNode Value);

/// <summary><c>!reference [job, key, …]</c>: what stands there.</summary>
internal sealed record CiReference(Position At, IReadOnlyList<string> Path) : CiNode(At)
{
    public override string ToString() => $"!reference [{string.Join(", ", Path.Select(Quote.Plain))}]";
}
