using System.Xml.Linq;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>The state of the certificate authority in which swtpm_setup registers each new TPM.</summary>
/// <param name="User">The user as whom libvirt runs swtpm.</param>
/// <param name="Directory">Where the authority is.</param>
public sealed record TpmAuthority(string User, AbsolutePath Directory)
{
    /// <summary>The first file that the user may not use; null: none is known.</summary>
    public AbsolutePath? Refused { get; init; }

    /// <summary>Owner and mode of that file, in words; null: it is not there.</summary>
    public string? RefusedMode { get; init; }

    /// <summary>True when the user who runs doctor may look into the directory.</summary>
    public bool IsVisible { get; init; } = true;
}

/// <summary>Decides whether clones can have an emulated TPM.</summary>
public static class TpmRules
{
    private const string Fails = "VMs do not start";

    /// <summary>True when a domain has a TPM that swtpm emulates.</summary>
    /// <param name="definition">Its XML.</param>
    /// <exception cref="UnreadableXmlException">It is no XML.</exception>
    public static bool HasEmulatedTpm(string definition) =>
        XmlText.Parse(definition).Elements("devices").Elements("tpm").Elements("backend").Any(backend => (string?)backend.Attribute("type") == "emulator");

    /// <param name="images">Those whose definition has an emulated TPM.</param>
    /// <param name="missing">Programs that libvirt runs for it and that are not there.</param>
    /// <param name="authority">Null: libvirt runs as the user, whose own authority swtpm_setup makes.</param>
    /// <param name="daemon">Which learns of an installed swtpm when it starts.</param>
    /// <returns>Empty: no image has a TPM.</returns>
    public static IReadOnlyList<Finding> Decide(IReadOnlyList<string> images, IReadOnlyList<string> missing, TpmAuthority? authority, LibvirtDaemon daemon)
    {
        if (images.Count == 0)
        {
            return [];
        }

        var who = $"image{(images.Count == 1 ? $" {images[0]} has" : $"s {string.Join(", ", images)} have")} an emulated TPM";
        if (missing.Count > 0)
        {
            return [Checks.Tpm.Problem($"{who}, and there is no {string.Join(" and no ", missing)}: {Fails}", $"apt-get install swtpm swtpm-tools && {daemon.Restart}")];
        }

        return authority switch
        {
            null => [Checks.Tpm.Ok($"{who}; swtpm and swtpm_setup are there")],
            { Refused: { } path } => [DecideRefused(who, authority, path)],
            { IsVisible: false } => [Checks.Tpm.Skipped($"{who}; only root can see whether {authority.User} may use {authority.Directory}", "sudo vm-executor doctor")],
            _ => [Checks.Tpm.Ok($"{who}; {authority.User}, as whom libvirt runs swtpm, may use {authority.Directory}")],
        };
    }

    private static Finding DecideRefused(string who, TpmAuthority authority, AbsolutePath path)
    {
        var (user, directory) = (authority.User, Word(authority.Directory.Value));
        return authority.RefusedMode is { } mode
            ? Checks.Tpm.Problem(
                $"{who}, but {user}, as whom libvirt runs swtpm, may not use {path} ({mode}): swtpm_setup fails, and {Fails}", $"chown -R {user}:root {directory}")
            : Checks.Tpm.Problem(
                $"{who}, but {path}, in which {user}, as whom libvirt runs swtpm, keeps its certificates, is not there: swtpm_setup fails, and {Fails}",
                $"install -d -m 0750 -o {user} -g root {directory}");
    }

    private static string Word(string path) => path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_') ? path : ShellText.Quote(path);
}
