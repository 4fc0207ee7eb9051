using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>A repository served by git's own daemon on the host's loopback, which a guest's user network reaches as 10.0.2.2.</summary>
internal sealed class GitServer : IAsyncDisposable
{
    private const string HostAsSeenByGuest = "10.0.2.2";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private readonly string _repository;
    private readonly string _sha;
    private readonly Process _daemon;
    private readonly int _port;

    private GitServer(string repository, string sha, Process daemon, int port)
    {
        (_repository, _sha, _daemon, _port) = (repository, sha, daemon, port);
    }

    public string UrlForGuest => string.Create(CultureInfo.InvariantCulture, $"git://{HostAsSeenByGuest}:{_port}/project");

    public GitSource Source => new(UrlForGuest, _sha);

    /// <param name="directory">Where the repository is made.</param>
    /// <param name="files">Its content by path.</param>
    public static async Task<GitServer> StartAsync(string directory, IReadOnlyDictionary<string, string> files)
    {
        var repository = await MakeRepositoryAsync(directory, files);
        var sha = (await GitAsync(repository, "rev-parse", "HEAD")).Trim();
        var port = FreePort();
        var daemon = await StartDaemonAsync(directory, port);
        var server = new GitServer(repository, sha, daemon, port);
        await server.WaitAsync();
        return server;
    }

    /// <summary>Makes a repository with one commit in the directory <c>project</c>; returns its path.</summary>
    /// <inheritdoc cref="StartAsync" path="/param"/>
    public static async Task<string> MakeRepositoryAsync(string directory, IReadOnlyDictionary<string, string> files)
    {
        var repository = Path.Combine(directory, "project");
        await GitAsync(directory, "init", "-q", "-b", "main", repository);
        foreach (var (path, content) in files)
        {
            await File.WriteAllTextAsync(Path.Combine(repository, path), content);
        }

        await GitAsync(repository, "add", "--all");
        await GitAsync(repository, "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "Begin");
        return repository;
    }

    /// <summary>A branch that a script in the guest can wait for with <c>git ls-remote</c>.</summary>
    public Task AddBranchAsync(string name) => GitAsync(_repository, "branch", name);

    public async ValueTask DisposeAsync()
    {
        _daemon.Kill(entireProcessTree: true);
        await _daemon.WaitForExitAsync();
        _daemon.Dispose();
    }

    private static async Task<Process> StartDaemonAsync(string directory, int port)
    {
        var program = Path.Combine((await HostCommand.OutputAsync("git", "--exec-path")).Trim(), "git-daemon");
        string[] arguments =
        [
            "--export-all", "--reuseaddr", "--listen=127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"--port={port}"),
            $"--base-path={directory}", directory,
        ];

        // git refuses repositories of another owner; the directory may be an ordinary user's.
        var start = new ProcessStartInfo(program, arguments);
        start.Environment["GIT_CONFIG_COUNT"] = "1";
        start.Environment["GIT_CONFIG_KEY_0"] = "safe.directory";
        start.Environment["GIT_CONFIG_VALUE_0"] = "*";
        return Process.Start(start)!;
    }

    private async Task WaitAsync()
    {
        var url = string.Create(CultureInfo.InvariantCulture, $"git://127.0.0.1:{_port}/project");
        var (exitCode, _, error) = await Eventually.AskAsync(
            () => HostCommand.TryAsync("git", "ls-remote", url), answer => answer.ExitCode == 0, StartLimit);
        if (exitCode != 0)
        {
            await DisposeAsync();
            throw new InvalidOperationException($"git daemon does not answer at {url}: {error}");
        }
    }

    private static Task<string> GitAsync(string directory, params string[] arguments) =>
        HostCommand.OutputAsync("git", ["-c", "safe.directory=*", "-C", directory, .. arguments]);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
