using System.Diagnostics;

namespace VmExecutor.Host.Tests.Fakes;

/// <summary>A real block device over a file, for what a logical volume would be.</summary>
internal sealed class LoopDevice : IDisposable
{
    private LoopDevice(string path) => Path = path;

    public string Path { get; }

    /// <summary>Null: this user or this machine cannot make one.</summary>
    public static LoopDevice? TryOver(string file)
    {
        var (exit, output) = Losetup("--find", "--show", file);
        return exit == 0 ? new LoopDevice(output.Trim()) : null;
    }

    public void Dispose() => Losetup("--detach", Path);

    private static (int ExitCode, string Output) Losetup(params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("losetup", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, "");
        }
    }
}
