using System.Net;
using System.Net.Sockets;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.Host.Tests.Images.Registries;
using VmExecutor.RunnerSimulator.Drivers;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>
/// Registries of the tests' own on the host's loopback, at the ports that the guests of tests/guests know. Debian's docker-registry serves the images of tests/services, once for
/// all and once behind a login; and a third server takes connections and never answers.
/// </summary>
public sealed class ContainerRegistry : IAsyncDisposable
{
    /// <summary>The registry behind a login, as guests name it.</summary>
    public const string Private = "10.0.2.2:5118";

    /// <summary>The server that never answers, as guests name it.</summary>
    public const string Silent = "10.0.2.2:5119";

    private const int OpenPort = 5117;
    private const int PrivatePort = 5118;
    private const int SilentPort = 5119;

    // Another run of the tests on this machine may have the ports.
    private const string LockFile = "/run/lock/vm-executor-tests-registry";

    // The password is "private-pw".
    private const string Accounts = "ci:$2y$05$abcdefghijklmnopqrstuu8eCxUpnqrHjKj74mrICBQZgTPH.MTXy\n";

    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan OthersTake = TimeSpan.FromMinutes(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-registry-").FullName;
    private readonly List<RegistryServer> _servers = [];
    private readonly TcpListener _silent = new(IPAddress.Loopback, SilentPort);
    private readonly List<TcpClient> _waiting = [];
    private TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FileStream? _lock;

    /// <summary>A login for <see cref="Private"/>, in the form of docker's config.json.</summary>
    public static string Login(string password = "private-pw")
    {
        var auth = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"ci:{password}"));
        return $$$"""{"auths": {"{{{Private}}}": {"auth": "{{{auth}}}"} } }""";
    }

    /// <summary>The requests that the open registry has answered so far: method and path.</summary>
    public IReadOnlyList<string> Requests() => [.. _servers[0].Log().Where(line => line.Contains("\"GET /v2/", StringComparison.Ordinal)).Select(line => line.Split('"')[1])];

    /// <summary>Completes when the next connection to <see cref="Silent"/> is there.</summary>
    public Task SilentIsAskedAsync()
    {
        _asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _asked.Task;
    }

    /// <summary>Makes the images, waits until no other run has the ports, and starts the servers.</summary>
    public async Task StartAsync()
    {
        var builder = Path.Combine(BuiltDriver.Checkout(), "tests/services/build");
        var cache = Environment.GetEnvironmentVariable("VM_EXECUTOR_CACHE") is { Length: > 0 } given ? given : "/var/cache/vm-executor";
        var images = Path.Combine(cache, "services", (await HostCommand.OutputAsync(builder, "--key")).Trim());
        var (exitCode, output, error) = await HostCommand.TryAsync(builder, [images], BuildLimit);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"the images of tests/services cannot be made:\n{output}{error}");
        }

        _lock = await Eventually.AskAsync(() => Task.FromResult(TryLock()), taken => taken is not null, OthersTake)
            ?? throw new TimeoutException($"another run has the ports of the registries ({LockFile})");
        _servers.Add(await RegistryServer.StartAsync(_directory, images, OpenPort, isReadOnly: true));
        _servers.Add(await RegistryServer.StartAsync(_directory, images, PrivatePort, Accounts, isReadOnly: true));
        _silent.Start();
        _ = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _servers.ForEach(server => server.Dispose());
        _silent.Dispose();
        _waiting.ForEach(client => client.Dispose());
        if (_lock is not null)
        {
            await _lock.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private static FileStream? TryLock()
    {
        try
        {
            return new FileStream(LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _waiting.Add(await _silent.AcceptTcpClientAsync());
                _asked.TrySetResult();
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // The end of the tests.
        }
    }
}
