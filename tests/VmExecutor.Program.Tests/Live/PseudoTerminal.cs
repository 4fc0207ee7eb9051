using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using VmExecutor.RunnerSimulator.Drivers;

namespace VmExecutor.Program.Tests.Live;

/// <summary>The built program on a terminal that script(1) of util-linux makes.</summary>
internal sealed class PseudoTerminal(IReadOnlyDictionary<string, string> environment)
{
    private static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(3);

    /// <summary>Its width in columns.</summary>
    public int Columns { get; init; } = 80;

    /// <param name="arguments">The program's; words without quotes in them.</param>
    /// <param name="awaited">Once this pattern matches what the terminal has got …</param>
    /// <param name="typed">… this is typed; null: nothing.</param>
    /// <param name="happens">… and this is done; null: nothing.</param>
    /// <param name="next">What is awaited after that, and typed then; null: nothing.</param>
    /// <returns>All that the terminal got, and the program's exit code.</returns>
    public async Task<(string Screen, int ExitCode)> RunAsync(IReadOnlyList<string> arguments, string awaited, string? typed = null, Action? happens = null, (string Awaited, string Typed)? next = null)
    {
        var start = new ProcessStartInfo("script", ["--quiet", "--return", "--flush", "--command", $"stty cols {Columns}; exec '{BuiltDriver.BuiltProgram()}' {string.Join(' ', arguments)}", "/dev/null"])
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
        var steps = new Queue<(string Awaited, string? Typed, Action? Happens)>([(awaited, typed, happens)]);
        if (next is { } further)
        {
            steps.Enqueue((further.Awaited, further.Typed, null));
        }

        try
        {
            int count;
            while ((count = await process.StandardOutput.ReadAsync(buffer.AsMemory(), limit.Token)) > 0)
            {
                all.Append(buffer, 0, count);
                if (steps.TryPeek(out var step) && Regex.IsMatch(all.ToString(), step.Awaited))
                {
                    steps.Dequeue();
                    step.Happens?.Invoke();
                    await process.StandardInput.WriteAsync(step.Typed);
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
