using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Options;

/// <summary>The values that a key may have.</summary>
/// <param name="Type">The name in the reference, such as "size".</param>
internal abstract record ValueKind(string Type);

/// <summary>A kind whose value is a single YAML scalar.</summary>
/// <param name="Type">The name in the reference.</param>
/// <param name="Editor">The part that an editor can check.</param>
/// <param name="Read">From the text to the value or the problem.</param>
internal abstract record ScalarKind(string Type, EditorCheck Editor, Func<ScalarText, Reading> Read) : ValueKind(Type);

/// <inheritdoc cref="ScalarKind"/>
/// <typeparam name="TValue">The type of the value that <paramref name="Read"/> gives.</typeparam>
internal sealed record ScalarKind<TValue>(string Type, EditorCheck Editor, Func<ScalarText, Reading> Read) : ScalarKind(Type, Editor, Read);

/// <summary>A single value or a list of them; its value is a list.</summary>
internal sealed record OneOrMoreKind(ScalarKind Item) : ValueKind($"{Item.Type}, or a list of them");

/// <summary>A list of mappings, each with at least one of the keys; its value is a list of <see cref="Binding.BoundValues"/>.</summary>
internal sealed record ListOfKind(Section Item) : ValueKind("list of mappings");

/// <summary>A YAML scalar.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="Quoted">Written in quotes or as a block, so that YAML takes it for text whatever it looks like.</param>
/// <param name="Directory">What a relative path in it is seen from.</param>
internal readonly record struct ScalarText(string Text, bool Quoted, AbsolutePath Directory);

/// <summary>Either the value or the problem.</summary>
internal readonly record struct Reading(object? Value, string? Problem)
{
    public static Reading Of(object value) => new(value, null);

    /// <param name="problem">What is wrong; what would be right.</param>
    public static Reading Wrong(string problem) => new(null, problem);
}

/// <summary>The part of a kind that an editor checks by the JSON schema. It accepts at least what the binder accepts.</summary>
internal abstract record EditorCheck
{
    private EditorCheck()
    {
    }

    internal sealed record TrueOrFalse : EditorCheck;

    internal sealed record WholeNumber(int Min, int Max) : EditorCheck;

    internal sealed record Words(IReadOnlyList<string> Allowed) : EditorCheck;

    /// <param name="Expression">A regular expression of ECMA 262.</param>
    internal sealed record Pattern(string Expression) : EditorCheck;

    /// <summary>The word <c>auto</c>, or what the other check accepts.</summary>
    internal sealed record OrAuto(EditorCheck Other) : EditorCheck;
}
