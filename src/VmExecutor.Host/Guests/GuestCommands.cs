using System.Globalization;
using System.Text;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Guests;

/// <summary>Small commands over the kept connection.</summary>
internal sealed class GuestCommands(SshClient ssh, TimeProvider clock)
{
    private const int MaxOutput = 1 << 20;

    // ssh's own exit code for "no connection"; a command of ours never ends with it.
    private const int SshFailed = 255;

    /// <summary>Runs a text that is no argument on either side but <c>sh</c>'s input: it may hold a run's token.</summary>
    public Task<GuestCommandResult> RunTextAsync(GuestAccess access, string text, CancellationToken cancellationToken) =>
        RunAsync(access, "exec sh", new MemoryStream(Encoding.UTF8.GetBytes(text)), cancellationToken);

    /// <summary>
    /// As <see cref="RunTextAsync"/>, but when the answer is late its client is left to itself, not ended: what it asks for is still
    /// carried out as soon as the guest can. It ends with the text, or with the kept connection.
    /// </summary>
    /// <returns>Null: no answer yet.</returns>
    public async Task<GuestCommandResult?> LeaveTextAsync(GuestAccess access, string text, TimeSpan patience)
    {
        var client = ssh.Start(access, "exec sh");
        var answer = AnswerAsync(client, access, new MemoryStream(Encoding.UTF8.GetBytes(text)), CancellationToken.None);
        try
        {
            var result = await answer.WaitAsync(patience, clock).ConfigureAwait(false);
            await client.DisposeAsync().ConfigureAwait(false);
            return result;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Runs a command line by the guest's login shell.</summary>
    public async Task<GuestCommandResult> RunAsync(GuestAccess access, string commandLine, Stream? input, CancellationToken cancellationToken)
    {
        var client = ssh.Start(access, commandLine);
        await using (client.ConfigureAwait(false))
        {
            // The streams end with the client; a read that cannot be cancelled is thus ended by ending the client.
            await using var end = cancellationToken.Register(() => _ = client.EndAsync()).ConfigureAwait(false);
            return await AnswerAsync(client, access, input, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs a command line by the guest's login shell, and answers each line that it prints.</summary>
    public async Task<GuestCommandResult> ConverseAsync(
        GuestAccess access, string commandLine, string input, Func<string, string?> answer, CancellationToken cancellationToken)
    {
        var client = ssh.Start(access, commandLine);
        await using (client.ConfigureAwait(false))
        {
            await using var end = cancellationToken.Register(() => _ = client.EndAsync()).ConfigureAwait(false);
            var error = CollectAsync(client.Error, cancellationToken);
            var output = new StringBuilder();
            using var lines = new StreamReader(client.Output, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
            await WriteAsync(client, input, cancellationToken).ConfigureAwait(false);
            while (await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                if (answer(line) is { } reply)
                {
                    await WriteAsync(client, reply, cancellationToken).ConfigureAwait(false);
                }

                output.Append(line, 0, Math.Min(line.Length, MaxOutput - output.Length)).Append('\n');
            }

            var exitCode = await client.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return Judge(access, new GuestCommandResult(exitCode, output.ToString(), await error.ConfigureAwait(false)));
        }
    }

    private static async Task WriteAsync(ToolStream client, string text, CancellationToken cancellationToken)
    {
        try
        {
            await client.Input.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);
            await client.Input.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The command ended before it had read all; its exit code tells.
        }
    }

    private static async Task<GuestCommandResult> AnswerAsync(ToolStream client, GuestAccess access, Stream? input, CancellationToken cancellationToken)
    {
        var output = CollectAsync(client.Output, cancellationToken);
        var error = CollectAsync(client.Error, cancellationToken);
        await SendAsync(client, input, cancellationToken).ConfigureAwait(false);
        var exitCode = await client.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return Judge(access, new GuestCommandResult(exitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false)));
    }

    private static GuestCommandResult Judge(GuestAccess access, GuestCommandResult result) => result.ExitCode == SshFailed
        ? throw new GuestConnectionLostException($"the guest {access} did not answer over its kept connection: {Evidence(result)}")
        : result;

    private static string Evidence(GuestCommandResult result) =>
        result.StandardError.Trim() is { Length: > 0 } said ? said : string.Create(CultureInfo.InvariantCulture, $"ssh ended with {result.ExitCode}");

    private static async Task SendAsync(ToolStream client, Stream? input, CancellationToken cancellationToken)
    {
        try
        {
            if (input is not null)
            {
                await input.CopyToAsync(client.Input, cancellationToken).ConfigureAwait(false);
            }

            client.Input.Close();
        }
        catch (IOException)
        {
            // The command ended before it had read all; its exit code tells.
        }
    }

    private static async Task<string> CollectAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        using var collected = new MemoryStream();
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            collected.Write(buffer, 0, (int)Math.Min(count, MaxOutput - collected.Length));
        }

        return Encoding.UTF8.GetString(collected.GetBuffer(), 0, (int)collected.Length);
    }
}
