using System.Diagnostics;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>A tool of the host, run to look at the world or to prepare it.</summary>
internal static class HostCommand
{
    /// <summary>The limit where a test says none.</summary>
    public static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(3);

    /// <summary>Its stdout; throws with stderr if it fails.</summary>
    public static async Task<string> OutputAsync(string tool, params IReadOnlyList<string> arguments)
    {
        var (exitCode, output, error) = await TryAsync(tool, arguments);
        return exitCode == 0
            ? output
            : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)}: exit code {exitCode}\n{error}");
    }

    public static async Task<IReadOnlyList<string>> LinesAsync(string tool, params IReadOnlyList<string> arguments) =>
        (await OutputAsync(tool, arguments)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public static Task<(int ExitCode, string Output, string Error)> TryAsync(string tool, params IReadOnlyList<string> arguments) =>
        TryAsync(tool, arguments, HangLimit);

    /// <summary>For a tool that may take longer than looks and preparations do.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> TryAsync(string tool, IReadOnlyList<string> arguments, TimeSpan hangLimit)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return (127, "", exception.Message);
        }

        using (process)
        using (var limit = new CancellationTokenSource(hangLimit))
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            try
            {
                await process.WaitForExitAsync(limit.Token);
                return (process.ExitCode, await output, await error);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw new TimeoutException($"{tool} {string.Join(' ', arguments)}: no end after {hangLimit}");
            }
        }
    }
}
