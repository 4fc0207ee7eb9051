using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>What the value of a key may be: how it is read, what is said when it cannot be, and what it is called.</summary>
/// <param name="Type">The name in the reference, such as "size".</param>
internal abstract record ValueKind(string Type);

/// <summary>A kind whose value is a single YAML scalar.</summary>
internal abstract record ScalarKind(string Type) : ValueKind(Type)
{
    public abstract Reading Read(ScalarText scalar);
}

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
