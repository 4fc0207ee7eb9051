using System.Reflection;

namespace VmExecutor;

/// <summary>Name and version as the runner shows them.</summary>
internal static class DriverVersion
{
    public const string Name = "vm-executor";

    /// <summary>The version this was built as, without the commit.</summary>
    public static string Text { get; } =
        typeof(DriverVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
}
