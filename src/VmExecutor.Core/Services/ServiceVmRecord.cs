namespace VmExecutor.Core.Services;

/// <summary>A service that is a VM of its own, as the record of its job keeps it.</summary>
/// <param name="Key">The key of its clone.</param>
/// <param name="Image">The image of the catalogue.</param>
/// <param name="Names">Its names in the job's guest.</param>
public sealed record ServiceVmRecord(string Key, string Image, IReadOnlyList<string> Names)
{
    /// <summary>A record that was changed may lack some.</summary>
    public IReadOnlyList<string> Names { get; init; } = [.. (Names ?? []).OfType<string>()];

    /// <summary>True when a person means it by this word: one of its names, or its domain's name.</summary>
    public bool IsCalled(string name) => Names.Contains(name, StringComparer.OrdinalIgnoreCase) || name == $"vmx-{Key}";
}
