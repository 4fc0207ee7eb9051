namespace VmExecutor.Core.Configuration;

/// <summary>A configuration without errors.</summary>
public sealed record ConfigurationResult(Settings Settings, IReadOnlyList<ConfigurationWarning> Warnings);
