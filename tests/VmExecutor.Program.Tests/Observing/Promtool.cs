using System.ComponentModel;
using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

/// <summary>Prometheus' own tool as the judge of what Prometheus shall read (Debian package <c>prometheus</c>).</summary>
internal static class Promtool
{
    /// <summary>Its output; promtool must have found no fault.</summary>
    public static async Task<string> RunAsync(string input, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo("promtool", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Start(start);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var said = await output + await error;
        process.ExitCode.Should().Be(0, said);
        return said;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            // Missing on a laptop it skips the test, in CI it fails it.
            if (Environment.GetEnvironmentVariable("CI") == "true")
            {
                throw new InvalidOperationException("a prerequisite is missing in CI: promtool, see executor/setup --test-tools", missing);
            }

            Assert.Skip("promtool is not installed: executor/setup --test-tools");
            throw;
        }
    }
}
