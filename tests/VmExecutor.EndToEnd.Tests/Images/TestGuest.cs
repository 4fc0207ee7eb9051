namespace VmExecutor.EndToEnd.Tests.Images;

/// <summary>The small guest of config/recipes/small-guest, as it was built into a directory.</summary>
internal sealed record TestGuest(string Directory)
{
    public string Disk => Path.Combine(Directory, "disk.qcow2");

    public string Kernel => Path.Combine(Directory, "vmlinuz");

    public string Initrd => Path.Combine(Directory, "initrd.img");

    public string Key => Path.Combine(Directory, "id_ed25519");

    public string Cmdline => File.ReadAllText(Path.Combine(Directory, "cmdline")).Trim();

    /// <summary>Type and key, without the comment.</summary>
    public string HostKey =>
        string.Join(' ', File.ReadAllText(Path.Combine(Directory, "ssh_host_ed25519_key.pub")).Trim().Split(' ').Take(2));

    public IReadOnlyList<string> Missing() =>
        [.. new[] { Disk, Kernel, Initrd, Key }.Where(file => !File.Exists(file))];
}
