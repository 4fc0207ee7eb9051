namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>
/// Looks for what is left of a bench's jobs, with the host's own tools and none of the driver's. Every bench has a runner
/// token and directories of its own, so that benches at work at the same time do not see each other.
/// </summary>
/// <param name="token">Part of every clone's name.</param>
/// <param name="stateDirectory">The driver's.</param>
/// <param name="virsh">virsh with what it needs to reach the right daemon.</param>
/// <param name="libvirtDirectories">Where that daemon keeps files and directories by a domain's name.</param>
/// <param name="tpmStates">Where it keeps the state of emulated TPMs by a domain's UUID; null: no clone has one.</param>
internal sealed class Leftovers(
    string token, string stateDirectory, IReadOnlyList<string> virsh, IReadOnlyList<string> libvirtDirectories, string? tpmStates)
{
    private readonly IReadOnlyList<string> _tpmsBefore = Tpms(tpmStates);

    // PID 1 of a container may reap slowly; a QEMU that was told to end is not a leftover at once.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static string OwnId { get; } = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private string NamePrefix => $"vmx-{token}";

    /// <summary>One line for each thing that is left; empty is what a test wants.</summary>
    public Task<List<string>> FindAsync() => Eventually.AskAsync(LookAsync, found => found.Count == 0, Patience);

    /// <summary>After a test has failed for its leftovers: takes them away, so that the next tests have the machine to themselves.</summary>
    public async Task RemoveAsync()
    {
        foreach (var domain in await DomainsAsync())
        {
            await VirshAsync("destroy", domain);
        }

        // libvirt's daemons serve the other benches too.
        foreach (var process in (await ProcessesAsync()).Where(process => !process.Contains("libvirtd", StringComparison.Ordinal) && !process.Contains("virtlogd", StringComparison.Ordinal)))
        {
            await HostCommand.TryAsync("kill", "-KILL", process.Split(' ', 2)[0]);
        }
    }

    public async Task<IReadOnlyList<string>> DomainsAsync()
    {
        var (_, output, _) = await VirshAsync("list", "--all", "--name");
        return [.. output.Split('\n').Select(line => line.Trim()).Where(name => name.StartsWith(NamePrefix, StringComparison.Ordinal))];
    }

    /// <summary>TCP listeners whose owner has our directories or names in its arguments, or is at work in our directories.</summary>
    public async Task<IReadOnlyList<string>> ListenersAsync()
    {
        var owners = (await ProcessesAsync()).Select(process => $"pid={process.Split(' ', 2)[0]},").ToArray();
        return [.. (await HostCommand.LinesAsync("ss", "-Hltnp")).Where(line => owners.Any(line.Contains))];
    }

    private async Task<List<string>> LookAsync() =>
    [
        .. (await DomainsAsync()).Select(domain => $"domain: {domain}"),
        .. Files().Select(file => $"file: {file}"),
        .. (await ProcessesAsync()).Select(process => $"process: {process}"),
        .. (await SocketsAsync()).Select(socket => $"unix socket: {socket}"),
        .. (await ListenersAsync()).Select(listener => $"listener: {listener}"),
        .. (await TpmsAsync()).Select(state => $"TPM without a domain: {state}"),
    ];

    /// <summary>The states of TPMs whose domain is gone. They have no name, so those that were there before do not count.</summary>
    private async Task<IReadOnlyList<string>> TpmsAsync()
    {
        // In this order: libvirt lists a new domain before it makes its TPM.
        var states = Tpms(tpmStates).Except(_tpmsBefore).ToList();
        var domains = states.Count == 0 ? "" : (await VirshAsync("list", "--all", "--uuid")).Output;
        return [.. states.Where(state => !domains.Contains(Path.GetFileName(state), StringComparison.Ordinal))];
    }

    private static IReadOnlyList<string> Tpms(string? directory)
    {
        try
        {
            return directory is null ? [] : Directory.GetDirectories(directory);
        }
        catch (Exception nothing) when (nothing is DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private IEnumerable<string> Files()
    {
        var ours = ((string[])["jobs", "taken"]).Select(name => Path.Combine(stateDirectory, name)).Where(Directory.Exists)
            .SelectMany(directory => Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories));
        var disks = Directory.Exists(stateDirectory)
            ? Directory.EnumerateFiles(stateDirectory, "*.qcow2", SearchOption.AllDirectories).Where(disk => !IsTemplates(disk) && !IsProjects(disk))
            : [];
        string[] elsewhere = ["/tmp", "/run", "/dev/shm", .. libvirtDirectories];
        var named = elsewhere.Where(Directory.Exists).SelectMany(directory => Directory.EnumerateFileSystemEntries(directory))
            .Where(path => Path.GetFileName(path).Contains(NamePrefix, StringComparison.Ordinal));
        return ours.Concat(disks).Concat(named).Distinct();
    }

    /// <summary>True when it belongs to a template that is whole: half of one is a leftover.</summary>
    private static bool IsTemplates(string disk) =>
        Path.GetDirectoryName(disk)!.Split('/') is [.., "images", _, _, "warm", var fingerprint] && fingerprint[0] != '.';

    /// <summary>True when it belongs to a project's disk that is whole, which stays for the next job.</summary>
    private static bool IsProjects(string disk) => Path.GetDirectoryName(disk)!.Split('/') is [.., "disks", var key] && key[0] != '.';

    /// <summary>
    /// Lines <c>pid args</c> of processes with our directories or names in their arguments, and of those that work in our directories or have files there
    /// open. Zombies are gone already, and this process looks only.
    /// </summary>
    private async Task<IReadOnlyList<string>> ProcessesAsync() =>
    [
        .. from line in await HostCommand.LinesAsync("ps", "-ww", "-eo", "stat=,pid=,args=")
           where line[0] != 'Z'
           let process = line.Split(' ', 2)[1].Trim()
           let id = process.Split(' ', 2)[0]
           where IsOurs(process) || (id != OwnId && Places(id).FirstOrDefault(IsOurs) is not null)
           select process,
    ];

    /// <summary>The working directory of a process, and the files that it has open; none of a process that is gone.</summary>
    private static IReadOnlyList<string> Places(string process)
    {
        try
        {
            return
            [
                .. ((string[])[$"/proc/{process}/cwd", .. Directory.GetFiles($"/proc/{process}/fd")]).Select(link => new FileInfo(link).LinkTarget).OfType<string>(),
            ];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private async Task<IReadOnlyList<string>> SocketsAsync() => [.. (await HostCommand.LinesAsync("ss", "-Hxl")).Where(IsOurs)];

    private bool IsOurs(string text) =>
        text.Contains(stateDirectory, StringComparison.Ordinal) || text.Contains(NamePrefix, StringComparison.Ordinal);

    private Task<(int ExitCode, string Output, string Error)> VirshAsync(params string[] arguments) =>
        HostCommand.TryAsync(virsh[0], [.. virsh.Skip(1), .. arguments]);
}
