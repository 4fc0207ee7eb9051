using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace VmExecutor.Host.Tests.Images.Sources;

/// <summary>A server of HTTP on loopback that does what a test says: one connection per request, so that it can be cut at any byte.</summary>
internal sealed class DownloadServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<int, Request, Answer> _answer;
    private readonly Task _serving;

    /// <param name="answer">Gets the number of the request, from 1, and what it says.</param>
    public DownloadServer(Func<int, Request, Answer> answer)
    {
        _answer = answer;
        _listener.Start();
        _serving = ServeAsync();
    }

    public ConcurrentQueue<Request> Requests { get; } = new();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Address => new($"http://127.0.0.1:{Port}/images/disk.img");

    /// <summary>A server of one content with ranges and an ETag; the answers to single requests can be changed.</summary>
    public static DownloadServer Of(byte[] content, Func<int, Answer, Answer>? change = null) => new((number, request) =>
    {
        var answer = request.From is { } from && request["If-Range"] == "\"one\""
            ? new Answer("206 Partial Content", content[from..], $"Content-Range: bytes {from}-{content.Length - 1}/{content.Length}", "ETag: \"one\"")
            : new Answer("200 OK", content, "ETag: \"one\"");
        return change is null ? answer : change(number, answer);
    });

    public async ValueTask DisposeAsync()
    {
        // Not stopped before: who then comes back from an answer would accept on a listener that is none any more.
        await _end.CancelAsync();
        await _serving;
        _listener.Stop();
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_end.Token);
                await using var stream = client.GetStream();
                var request = await Request.ReadAsync(stream, _end.Token);
                Requests.Enqueue(request);
                await AnswerAsync(client, stream, _answer(Requests.Count, request));
            }
        }
        catch (Exception e) when (_end.IsCancellationRequested && e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task AnswerAsync(TcpClient client, NetworkStream stream, Answer answer)
    {
        try
        {
            var head = $"HTTP/1.1 {answer.Status}\r\n{string.Concat(answer.Headers.Select(header => $"{header}\r\n"))}Content-Length: {answer.Body.Length}\r\nConnection: close\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), _end.Token);
            await stream.WriteAsync(answer.Body.AsMemory(0, answer.CutAt ?? answer.Body.Length), _end.Token);
            if (answer.Stalls)
            {
                while (await stream.ReadAsync(new byte[1], _end.Token) > 0)
                {
                    // Until the client has had enough.
                }
            }
            else
            {
                client.Client.Shutdown(SocketShutdown.Send);
            }
        }
        catch (IOException)
        {
            // The client has gone, as some tests' do.
        }
    }

    internal sealed record Answer(string Status, byte[] Body, params string[] Headers)
    {
        /// <summary>After so many bytes of the body the connection ends.</summary>
        public int? CutAt { get; init; }

        /// <summary>Nothing more comes, and the connection stays open.</summary>
        public bool Stalls { get; init; }
    }

    internal sealed record Request(string Head)
    {
        public int? From => this["Range"] is { } range ? int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture) : null;

        public string? this[string header] => Head.Split("\r\n")
            .FirstOrDefault(line => line.StartsWith($"{header}: ", StringComparison.OrdinalIgnoreCase))?[(header.Length + 2)..];

        public static async Task<Request> ReadAsync(NetworkStream stream, CancellationToken cancellationToken)
        {
            var head = new StringBuilder();
            var one = new byte[1];
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, cancellationToken) == 1)
            {
                head.Append((char)one[0]);
            }

            return new Request(head.ToString());
        }
    }
}
