using System.Diagnostics;
using FluentAssertions;

namespace VmExecutor.Host.Tests.Fakes;

/// <summary>QEMU's tools, run by the test itself.</summary>
internal static class QemuTool
{
    public static string Img(params string[] arguments) => Run("qemu-img", arguments);

    /// <summary>Writes a pattern into a disk through its format.</summary>
    public static void Write(string path, string format, string pattern, string offset, string length) =>
        Run("qemu-io", "-f", format, "-c", $"write -P {pattern} {offset} {length}", path);

    public static Dictionary<string, string> Environment() => new() { ["PATH"] = System.Environment.GetEnvironmentVariable("PATH")! };

    public static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.Should().Be(0, "{0} {1}", program, string.Join(' ', arguments));
        return output;
    }
}
