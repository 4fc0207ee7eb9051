using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using VmExecutor.RunnerSimulator.Drivers;

namespace VmExecutor.Program.Tests.Live;

/// <summary>The built program on a terminal that script(1) of util-linux makes.</summary>
internal sealed class PseudoTerminal(IReadOnlyDictionary<string, string> environment)
{
    private static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(3);

    /// <param name="arguments">The program's; words without quotes in them.</param>
    /// <param name="awaited">Once this pattern matches what the terminal has got …</param>
    /// <param name="typed">… this is typed; null: nothing.</param>
    /// <param name="happens">… and this is done; null: nothing.</param>
    /// <returns>All that the terminal got, and the program's exit code.</returns>
    public async Task<(string Screen, int ExitCode)> RunAsync(IReadOnlyList<string> arguments, string awaited, string? typed = null, Action? happens = null)
    {
        var start = new ProcessStartInfo("script", ["--quiet", "--return", "--flush", "--command", $"exec '{BuiltDriver.BuiltProgram()}' {string.Join(' ', arguments)}", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(HangLimit);
        var all = new StringBuilder();
        var buffer = new char[4096];
        var isAwaited = true;
        try
        {
            int count;
            while ((count = await process.StandardOutput.ReadAsync(buffer.AsMemory(), limit.Token)) > 0)
            {
                all.Append(buffer, 0, count);
                if (isAwaited && Regex.IsMatch(all.ToString(), awaited))
                {
                    isAwaited = false;
                    happens?.Invoke();
                    await process.StandardInput.WriteAsync(typed);
                    await process.StandardInput.FlushAsync(limit.Token);
                }
            }

            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"it did not end; the terminal got: {all}");
        }

        return (all.ToString(), process.ExitCode);
    }
}
