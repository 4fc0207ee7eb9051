using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>A guest of the matrix as tests/guests/build has made it. Its files are shared by all tests and never changed.</summary>
internal sealed class BuiltGuest
{
    /// <summary>The first guest waits for the base, which is downloaded.</summary>
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(20);

    private readonly string _directory;
    private readonly Dictionary<string, string> _traits;

    private BuiltGuest(string variant, string directory)
    {
        (Variant, _directory) = (variant, directory);
        _traits = File.ReadAllLines(In("traits")).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    public string Variant { get; }

    /// <summary>Lines for bash that must pass in a job: they prove that the guest is what it is said to be.</summary>
    public string Job => File.ReadAllText(In("job"));

    public string Disk => In("disk.qcow2");

    public string DataDisk => In("data.qcow2");

    /// <summary>The UEFI variables of a guest that has them.</summary>
    public string Nvram => In("nvram.fd");

    /// <summary>True: clones can wake up from a template; otherwise <see cref="WarmReason"/> says why they cannot.</summary>
    public bool CanBeWarm => _traits["warm"] == "yes";

    /// <summary>A part of what <c>image warm</c> says of such a machine.</summary>
    public string WarmReason => _traits["warm"];

    /// <summary>True: the image is made from a domain that libvirt knows; false: from the disk, in the driver's own machine.</summary>
    public bool IsDomain => _traits["source"] == "domain";

    public static async Task<BuiltGuest> BuildAsync(string variant)
    {
        var key = (await HostCommand.OutputAsync(GuestVariant.Builder, variant, "--key")).Trim();
        var cache = Environment.GetEnvironmentVariable("VM_EXECUTOR_CACHE") is { Length: > 0 } given ? given : "/var/cache/vm-executor";
        var directory = Path.Combine(cache, "guests", $"{variant}-{key}");
        var (exitCode, output, error) = await HostCommand.TryAsync(GuestVariant.Builder, [variant, directory], BuildLimit);
        return exitCode == 0 ? new BuiltGuest(variant, directory) : throw new InvalidOperationException($"{variant} cannot be built:\n{output}{error}");
    }

    /// <summary>The definition of a domain of this guest.</summary>
    /// <param name="name">The domain's name.</param>
    /// <param name="directory">Where its own disks and UEFI variables are.</param>
    public string DomainXml(string name, string directory) => File.ReadAllText(In("domain.xml"))
        .Replace("@NAME@", name, StringComparison.Ordinal)
        .Replace("@DIR@", _directory, StringComparison.Ordinal)
        .Replace("@DISK@", Path.Combine(directory, "disk.qcow2"), StringComparison.Ordinal)
        .Replace("@DATA@", Path.Combine(directory, "data.qcow2"), StringComparison.Ordinal)
        .Replace("@NVRAM@", Path.Combine(directory, "nvram.fd"), StringComparison.Ordinal)
        .Replace("@CONSOLE@", Path.Combine(directory, $"{name}.console"), StringComparison.Ordinal);

    /// <summary>The image's file, as an administrator would write it.</summary>
    /// <param name="domain">The domain of this guest that libvirt knows, if the image is made from one.</param>
    public string ImageYaml(string domain)
    {
        var yaml = new YamlSections($"""
            name: {Variant}
            accelerator: tcg
            shell: bash
            ssh:
              user: ci
              login: baked
              key: {In("id_ed25519")}{HostKey}
            network:
              mode: user
            timeouts:
              boot: 600s
              ssh: 120s
              warm: 120s
            warm:
              enabled: true
            {Source(domain)}
            """);
        yaml.Add(File.ReadAllText(In("image.yaml")));
        return yaml.ToString();
    }

    /// <summary>The line with the image's host key, unless the guest makes its own at each boot.</summary>
    private string HostKey => File.ReadAllText(In("image.yaml")).Contains("pin: job", StringComparison.Ordinal)
        ? ""
        : $"\n  host_key: \"{string.Join(' ', File.ReadAllText(In("ssh_host_ed25519_key.pub")).Trim().Split(' ').Take(2))}\"";

    private string Source(string domain)
    {
        if (IsDomain)
        {
            return $"source: domain\ndomain: {domain}";
        }

        var kernel = File.Exists(In("vmlinuz"))
            ? $"\nkernel: {In("vmlinuz")}\ninitrd: {In("initrd.img")}\ncmdline: \"{File.ReadAllText(In("cmdline")).Trim()}\""
            : "";
        return $"source: file\nfile: {Disk}{kernel}\ncpus: 1\nmemory: {_traits["memory"]}MiB";
    }

    private string In(string file) => Path.Combine(_directory, file);
}
