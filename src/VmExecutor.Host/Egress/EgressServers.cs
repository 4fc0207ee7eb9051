using System.Globalization;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Egress;

/// <summary>
/// Starts and ends the name servers of policies (dnsmasq). Where systemd runs and has the unit for them, each is an instance of it, so that it does not end with the service of the
/// runner. Elsewhere, and where systemd refuses, it is a process in a session of its own.
/// </summary>
/// <param name="tools">Starts systemctl and dnsmasq.</param>
/// <param name="time">The clock.</param>
public sealed class EgressServers(IToolRunner tools, TimeProvider time)
{
    /// <summary>The unit; the instance is the user's name.</summary>
    public const string Unit = "vm-executor-names@.service";

    private const string OwnNetwork = "/proc/self/ns/net";
    private const string NetworkOfSystemd = "/proc/1/ns/net";

    private static readonly TimeSpan Takes = TimeSpan.FromSeconds(10);

    /// <summary>True when systemd can start one. It starts all in its own network namespace, which may not be that of this process, and with files of the host's own directory.</summary>
    public Func<EgressFiles, bool> HasUnit { get; init; } = files =>
        files.Directory == EgressWall.OfHost && HostDirectory.Exists("/run/systemd/system")
        && ((string[])["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]).Any(directory => HostFile.Exists($"{directory}/{Unit}"))
        && HostFile.LinkTarget(OwnNetwork) is { } own && own == HostFile.LinkTarget(NetworkOfSystemd);

    /// <summary>True when it runs.</summary>
    public static bool Runs(EgressFiles files) => Find(files) is not null;

    /// <summary>Starts one that does not run; afterwards it answers.</summary>
    /// <exception cref="SystemFailureException">It has refused its configuration, or cannot be started.</exception>
    public async Task StartAsync(EgressFiles files, CancellationToken cancellationToken)
    {
        // A start whose condition is not met is none, and no failure for systemctl.
        if (HasUnit(files) && await AskSystemdAsync("start", files, cancellationToken).ConfigureAwait(false) && Runs(files))
        {
            return;
        }

        // The kernel ends a server whose log gets longer than this; the next stage starts another.
        (await tools.RunAsync(
            new ToolCall("prlimit", [string.Create(CultureInfo.InvariantCulture, $"--fsize={EgressReading.LongestLog}"), "dnsmasq", ConfigurationArgument(files)]) { Timeout = Takes, OwnSession = true },
            cancellationToken).ConfigureAwait(false)).EnsureSuccess();
    }

    /// <summary>Ends one, however it was started; with nothing there it succeeds.</summary>
    public async Task EndAsync(EgressFiles files)
    {
        if (HasUnit(files))
        {
            await AskSystemdAsync("stop", files, CancellationToken.None).ConfigureAwait(false);
        }

        if (Find(files) is { } pid)
        {
            UnixSignal.Send(pid, UnixSignal.Kill);
            await new Waiting.Poll(Takes, TimeSpan.FromMilliseconds(5), time).UntilAsync(_ => Task.FromResult(Find(files) is null), CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<bool> AskSystemdAsync(string verb, EgressFiles files, CancellationToken cancellationToken)
    {
        try
        {
            var instance = Unit.Replace("@", $"@{files.User}", StringComparison.Ordinal);
            return (await tools.RunAsync(new ToolCall("systemctl", ["--quiet", verb, instance]) { Timeout = Takes }, cancellationToken).ConfigureAwait(false)).ExitCode == 0;
        }
        catch (SystemFailureException)
        {
            // No systemctl, or systemd does not answer.
            return false;
        }
    }

    /// <summary>The process id of a name server; null: it does not run. A number that another process has by now is not it.</summary>
    private static int? Find(EgressFiles files) =>
        int.TryParse(HostFile.TryReadAllText(files.Pid.Value), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var pid)
        && ProcessTable.Arguments(pid).Contains(ConfigurationArgument(files)) ? pid : null;

    private static string ConfigurationArgument(EgressFiles files) => $"--conf-file={files.Configuration}";
}
