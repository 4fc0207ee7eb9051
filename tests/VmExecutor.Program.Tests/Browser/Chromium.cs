using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Program.Tests.Browser;

/// <summary>
/// A real browser without a window (Debian package <c>chromium</c>), told what to do by its DevTools protocol over loopback (chromedevtools.github.io/devtools-protocol). It
/// resolves no name, so it reaches nothing but this machine.
/// </summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(3);

    private readonly string _directory = DiskDirectory.Create("vmx-chromium-");
    private readonly ClientWebSocket _socket = new();
    private readonly List<string> _said = [];
    private Process? _process;
    private int _number;

    private Chromium()
    {
    }

    /// <summary>The messages and errors on the console of the page, and what the browser itself says of it.</summary>
    public IReadOnlyList<string> Said => _said;

    public static async Task<Chromium> StartAsync(CancellationToken cancellationToken)
    {
        var chromium = new Chromium();
        try
        {
            await chromium.BeginAsync(cancellationToken);
            return chromium;
        }
        catch
        {
            await chromium.DisposeAsync();
            throw;
        }
    }

    /// <summary>Shows a file as a screen of this width does, light or dark.</summary>
    public async Task ShowAsync(string file, int width, bool isDark, CancellationToken cancellationToken)
    {
        await CallAsync("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = false }, null, cancellationToken);
        await CallAsync(
            "Emulation.setEmulatedMedia",
            new JsonObject { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = isDark ? "dark" : "light" }) }, null, cancellationToken);
        await CallAsync("Page.navigate", new JsonObject { ["url"] = $"file://{file}" }, "Page.loadEventFired", cancellationToken);
    }

    /// <summary>The value of an expression in the page, which must be JSON as text.</summary>
    public async Task<JsonElement> EvaluateAsync(string expression, CancellationToken cancellationToken)
    {
        var answer = await CallAsync("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true }, null, cancellationToken);
        return JsonDocument.Parse(answer.GetProperty("result").GetProperty("value").GetString()!).RootElement;
    }

    /// <summary>A PNG of the whole page.</summary>
    public async Task<byte[]> ScreenshotAsync(CancellationToken cancellationToken)
    {
        var answer = await CallAsync("Page.captureScreenshot", new JsonObject { ["format"] = "png", ["captureBeyondViewport"] = true }, null, cancellationToken);
        return Convert.FromBase64String(answer.GetProperty("data").GetString()!);
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        if (_process is not null)
        {
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
            }

            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("chromium")
        {
            ArgumentList =
            {
                "--headless", "--hide-scrollbars", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--remote-debugging-address=127.0.0.1", "--remote-debugging-port=0", $"--user-data-dir={_directory}", "about:blank",
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            // Missing on a laptop it skips the test, in CI it fails it.
            if (Environment.GetEnvironmentVariable("CI") == "true")
            {
                throw new InvalidOperationException("a prerequisite is missing in CI: chromium, see executor/setup --browser", missing);
            }

            Assert.Skip("chromium is not installed: executor/setup --browser");
        }

        // It says on which port it listens; its other words are read so that it never waits for a reader.
        var port = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process!.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } text && text.StartsWith("DevTools listening on ws://", StringComparison.Ordinal))
            {
                port.TrySetResult(new Uri(text["DevTools listening on ".Length..]).Port);
            }
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var number = await port.Task.WaitAsync(HangLimit, cancellationToken);
        using var http = new HttpClient();
        var pages = JsonDocument.Parse(await http.GetStringAsync($"http://127.0.0.1:{number.ToString(CultureInfo.InvariantCulture)}/json/list", cancellationToken)).RootElement;
        var page = pages.EnumerateArray().First(one => one.GetProperty("type").GetString() == "page");
        await _socket.ConnectAsync(new Uri(page.GetProperty("webSocketDebuggerUrl").GetString()!), cancellationToken);
        foreach (var domain in (string[])["Log", "Runtime", "Page"])
        {
            await CallAsync($"{domain}.enable", [], null, cancellationToken);
        }
    }

    /// <param name="method">The method of the protocol.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="until">Also waits for this event; null: for the answer only.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task<JsonElement> CallAsync(string method, JsonObject parameters, string? until, CancellationToken cancellationToken)
    {
        var id = ++_number;
        var call = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        await _socket.SendAsync(Encoding.UTF8.GetBytes(call.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        JsonElement? answer = null;
        while (answer is null || until is not null)
        {
            var message = await ReceiveAsync(cancellationToken);
            if (message.TryGetProperty("id", out var answered) && answered.GetInt32() == id)
            {
                answer = message.TryGetProperty("result", out var result) ? result : throw new InvalidOperationException($"{method}: {message}");
            }
            else if (message.TryGetProperty("method", out var happened))
            {
                until = happened.GetString() == until ? null : until;
                if (happened.GetString() is "Log.entryAdded" or "Runtime.consoleAPICalled" or "Runtime.exceptionThrown")
                {
                    _said.Add(message.GetRawText());
                }
            }
        }

        return answer.Value;
    }

    private async Task<JsonElement> ReceiveAsync(CancellationToken cancellationToken)
    {
        using var whole = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (true)
        {
            var part = await _socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).AsTask().WaitAsync(HangLimit, cancellationToken);
            whole.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return JsonDocument.Parse(whole.ToArray()).RootElement;
            }
        }
    }
}
