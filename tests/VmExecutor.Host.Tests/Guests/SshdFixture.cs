using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Processes;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>
/// A real sshd on a loopback port, with keys of its own, as the current user: a guest without a virtual machine. It proves itself
/// with the plain ssh command before a test uses it. Missing: tests skip, in CI they fail.
/// </summary>
public class SshdFixture : IAsyncLifetime
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("vmx-sshd-");
    private Process? server;
    private string? trouble;
    private int jobs;

    public static ToolEnvironment Environment { get; } = new(new Dictionary<string, string>
    {
        ["PATH"] = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ["HOME"] = System.Environment.GetEnvironmentVariable("HOME") ?? "/",
    });

    public ToolRunner Tools { get; } = new(Environment, TimeProvider.System);

    public SshGuestShell Guest => new(Tools, Environment, TimeProvider.System);

    public int Port { get; private set; }

    public HostKey HostKey => HostKey.Parse(File.ReadAllText(In("host.pub")));

    /// <summary>The server's own log.</summary>
    public string ServerLog => In("sshd.log");

    /// <summary>The variables of each session's environment, without HOME.</summary>
    protected string Variables => $"SHLVL=1 LANG=C.UTF-8 PATH={In("bin")}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TMPDIR={root.FullName}";

    /// <summary>A command that ends in executing the server.</summary>
    protected virtual IReadOnlyList<string> Around => [];

    /// <summary>Further lines of sshd_config.</summary>
    protected virtual string MoreConfiguration() => "";

    public virtual async ValueTask InitializeAsync()
    {
        if (!File.Exists("/usr/sbin/sshd"))
        {
            trouble = "/usr/sbin/sshd is missing: apt-get install openssh-server";
            return;
        }

        if (System.Environment.IsPrivilegedProcess)
        {
            // The server wants its privilege separation directory, which only its init script makes.
            Directory.CreateDirectory("/run/sshd");
        }

        Port = FreePort();
        await KeyAsync("host");
        await KeyAsync("client");
        await KeyAsync("stranger");
        File.Copy(In("client.pub"), In("authorized_keys"));
        var bin = Directory.CreateDirectory(In("bin")).FullName;
        ProgramFile.Write(Path.Combine(bin, "pwsh"), "#!/bin/sh\necho \"pwsh $*\"\nfor last; do :; done\nexec sh \"$last\"\n");

        // SHLVL: Debian's bash reads ~/.bashrc at the first level below ssh; whatever a developer has there may take a second.
        await File.WriteAllTextAsync(In("sshd_config"), $"""
            ListenAddress 127.0.0.1:{Port}
            HostKey {In("host")}
            AuthorizedKeysFile {In("authorized_keys")}
            PidFile none
            UsePAM no
            StrictModes no
            PermitRootLogin yes
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            SetEnv {Variables}
            {MoreConfiguration()}
            """);
        string[] command = [.. Around, "/usr/sbin/sshd", "-D", "-E", In("sshd.log"), "-f", In("sshd_config")];
        server = Process.Start(command[0], command[1..]);
        await Guest.WaitForServerAsync(new GuestAddress("127.0.0.1", Port), TimeSpan.FromSeconds(10), _ => Task.CompletedTask, default);
        var proof = await Tools.RunAsync(
            new ToolCall("ssh", ["-F", "/dev/null", "-i", In("client"), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-p", Port.ToString(CultureInfo.InvariantCulture), "127.0.0.1", "echo proven"]),
            default);
        trouble = proof.StandardOutput == "proven\n" ? null : $"sshd does not serve: {proof.StandardError}{await File.ReadAllTextAsync(In("sshd.log"))}";
    }

    public virtual ValueTask DisposeAsync()
    {
        server?.Kill();
        server?.WaitForExit();
        server?.Dispose();
        root.Delete(recursive: true);
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Access for a job of its own: a fresh directory, the right key, the pinned host key.</summary>
    public GuestAccess NewJob(GuestShell shell = GuestShell.Bash)
    {
        if (trouble is not null && System.Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail(trouble);
        }

        Assert.SkipWhen(trouble is not null, trouble ?? "");
        var number = Interlocked.Increment(ref jobs);

        // Every other directory is too deep for a unix socket's path.
        var depth = number % 2 == 0 ? new string('x', 120) : "";
        var state = new AbsolutePath(In(string.Create(CultureInfo.InvariantCulture, $"state {number} with blanks {depth}")));
        var key = new JobKey(root.FullName, "test", number);
        var directory = JobPaths.For(state, key).Directory;
        Directory.CreateDirectory(directory.Value);
        return new GuestAccess(
            key.Domain,
            new GuestAddress("127.0.0.1", Port),
            new GuestUser(System.Environment.UserName),
            Key("client"),
            directory,
            [HostKey],
            shell);
    }

    /// <summary>The guest's TMPDIR.</summary>
    public string TemporaryDirectory => root.FullName;

    /// <summary>The ids of a job's ssh processes, found as the driver finds them.</summary>
    public static IReadOnlyList<int> Connections(GuestAccess access) => [.. Processes(access).Select(process => process.Process.Pid)];

    /// <summary>Ends a job's ssh processes as cleanup does.</summary>
    public static async Task CloseAsync(GuestAccess access)
    {
        var processes = new JobProcesses(StateDir(access), TimeProvider.System);
        foreach (var process in Processes(access))
        {
            await processes.EndAsync(process, CancellationToken.None);
        }
    }

    /// <summary>A key file by name: <c>client</c> is let in, <c>stranger</c> is not.</summary>
    public AbsolutePath Key(string name) => new(In(name));

    /// <summary>Ends the server's side of a job's connection, as a dying guest would.</summary>
    public async Task CutConnectionAsync(GuestAccess access)
    {
        foreach (var id in await ServersAsync(access))
        {
            UnixSignal.Send(id, UnixSignal.Kill);
        }
    }

    /// <summary>The server's processes of a job's connection: those whose socket's other end is the job's master.</summary>
    public async Task<IReadOnlyList<int>> ServersAsync(GuestAccess access)
    {
        var master = Connections(access).Min();
        var sockets = await Tools.RunAsync(new ToolCall("ss", ["-Htnp"]), default);
        var local = sockets.StandardOutput.Split('\n').Single(line => line.Contains($"pid={master},", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        var ours = sockets.StandardOutput.Split('\n').Where(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(4) == local);
        return [.. ours.SelectMany(line => line.Split("pid=").Skip(1)).Select(rest => int.Parse(rest.Split(',')[0], CultureInfo.InvariantCulture))];
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static IEnumerable<JobProcess> Processes(GuestAccess access) =>
        new JobProcesses(StateDir(access), TimeProvider.System).Find().Where(process => process.Job.Domain == access.Domain);

    private static AbsolutePath StateDir(GuestAccess access) => access.Directory.Parent().Parent();

    /// <summary>A path in the fixture's own directory.</summary>
    protected string In(string name) => Path.Combine(root.FullName, name);

    private async Task KeyAsync(string name) =>
        (await Tools.RunAsync(new ToolCall("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", In(name)]), default)).EnsureSuccess();
}
