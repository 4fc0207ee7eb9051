namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>A list of mappings, each with at least one of the keys; its value is a list of <see cref="BoundValues"/>.</summary>
internal sealed record ListOfKind(Section Item) : ValueKind("list of mappings");
