using System.ComponentModel;
using System.Diagnostics;

namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>The independent instrument: what virsh sees at qemu:///system.</summary>
internal static class Virsh
{
    public static (int ExitCode, string Output) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("virsh", ["-q", "-c", "qemu:///system", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LC_ALL"] = "C" },
        };
        try
        {
            using var process = Process.Start(start)!;
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output.Trim());
        }
        catch (Win32Exception)
        {
            return (127, "");
        }
    }

    public static string[] Domains() => Run("list", "--all", "--name").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
