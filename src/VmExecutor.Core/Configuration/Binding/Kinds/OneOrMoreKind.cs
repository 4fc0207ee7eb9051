namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>A single value or a list of them; its value is a list of text.</summary>
internal sealed record OneOrMoreKind(ScalarKind Item) : ValueKind($"{Item.Type}, or a list of them");
