using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace VmExecutor.Host.Tests.Images.Registries;

/// <summary>Debian's docker-registry as a process of a test, on loopback. The end-to-end tests use this file, too.</summary>
internal sealed partial class RegistryServer : IDisposable
{
    private static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly List<string> _log = [];
    private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RegistryServer(string configuration)
    {
        _process = new Process { StartInfo = new ProcessStartInfo("docker-registry", ["serve", configuration]) { RedirectStandardError = true, RedirectStandardOutput = true } };
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.OutputDataReceived += (_, line) => Note(line.Data);
    }

    /// <summary>Address and port, for clients.</summary>
    public string Host { get; private set; } = "";

    /// <param name="directory">For its configuration.</param>
    /// <param name="store">The directory with its content.</param>
    /// <param name="port">0: a free one.</param>
    /// <param name="accounts">Lines of names and passwords, by crypt(3) with bcrypt, the only form that it reads; null: no login is asked for.</param>
    /// <param name="certificate">The file of its certificate, with the key beside it (<c>.key</c>); null: no TLS.</param>
    /// <param name="isReadOnly">True: nothing can be put into it.</param>
    public static async Task<RegistryServer> StartAsync(string directory, string store, int port = 0, string? accounts = null, string? certificate = null, bool isReadOnly = false)
    {
        var files = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"registry-{port}"));
        await File.WriteAllTextAsync($"{files}.accounts", accounts ?? "");
        await File.WriteAllTextAsync(
            $"{files}.yml",
            $$"""
            version: 0.1
            log: {level: info, formatter: json}
            validation: {manifests: {urls: {allow: ['^http://127']} } }
            storage: {filesystem: {rootdirectory: '{{store}}'}, maintenance: {readonly: {enabled: {{(isReadOnly ? "true" : "false")}}} } }
            http: {addr: '127.0.0.1:{{port.ToString(CultureInfo.InvariantCulture)}}', secret: x{{(certificate is null ? "" : $", tls: {{certificate: '{certificate}', key: '{certificate}.key'}}")}} }
            {{(accounts is null ? "" : $"auth: {{htpasswd: {{realm: tests, path: '{files}.accounts'}}}}")}}
            """);
        var server = new RegistryServer($"{files}.yml");
        server._process.Start();
        try
        {
            server._process.BeginErrorReadLine();
            server._process.BeginOutputReadLine();
            var listening = await server._port.Task.WaitAsync(HangLimit);
            server.Host = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{listening}");
            return server;
        }
        catch (Exception e)
        {
            server.Dispose();
            throw new InvalidOperationException($"docker-registry does not start:\n{string.Join('\n', server.Lines())}", e);
        }
    }

    /// <summary>Its log so far. It writes of a request after the answer: so it is asked once more, and all before the line of that is there.</summary>
    public IReadOnlyList<string> Log()
    {
        var mark = Guid.NewGuid().ToString("N");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = HangLimit };
        using var answer = client.Send(new HttpRequestMessage(HttpMethod.Get, $"http://{Host}/v2/?{mark}"));
        var since = Stopwatch.GetTimestamp();
        while (!Lines().Any(line => line.Contains(mark, StringComparison.Ordinal)))
        {
            if (Stopwatch.GetElapsedTime(since) > HangLimit)
            {
                throw new TimeoutException($"docker-registry does not tell of a request:\n{string.Join('\n', Lines())}");
            }

            Thread.Sleep(10);
        }

        return [.. Lines().Where(line => !line.Contains("/v2/?", StringComparison.Ordinal))];
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private IReadOnlyList<string> Lines()
    {
        lock (_log)
        {
            return [.. _log];
        }
    }

    private void Note(string? line)
    {
        if (line is null)
        {
            _port.TrySetException(new InvalidOperationException("docker-registry has ended"));
            return;
        }

        lock (_log)
        {
            _log.Add(line);
        }

        if (Listening().Match(line) is { Success: true } match)
        {
            _port.TrySetResult(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        }
    }

    [GeneratedRegex(@"listening on 127\.0\.0\.1:([0-9]+)")]
    private static partial Regex Listening();
}
