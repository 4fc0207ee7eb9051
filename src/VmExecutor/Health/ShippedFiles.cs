using VmExecutor.Host.Files;

namespace VmExecutor.Health;

/// <summary>The places of pages and samples that come with the driver: those of the Debian package where the driver is the package's, else those in the sources.</summary>
internal static class ShippedFiles
{
    private const string PackageProgram = "/usr/lib/vm-executor/vm-executor";
    private const string PackageFiles = "/usr/share/doc/vm-executor";

    /// <summary>An image to begin with.</summary>
    public static string SampleImage => Find("examples/images/debian-12.yaml") ?? "config/images/debian-12.yaml";

    /// <param name="link">A page and a section in it, as in the sources: <c>docs/doctor.md#kvm</c>.</param>
    public static string Page(string link) => Find(link.Split('#')[0]) is { } page ? page + link[link.IndexOf('#', StringComparison.Ordinal)..] : link;

    /// <summary>Null: it is not there. A host may leave out the documentation of its packages.</summary>
    private static string? Find(string name) =>
        Environment.ProcessPath == PackageProgram && HostFile.Look($"{PackageFiles}/{name}") == Presence.There ? $"{PackageFiles}/{name}" : null;
}
