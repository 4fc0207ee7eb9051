using System.Diagnostics;
using VmExecutor.Core.Guests;

namespace VmExecutor.Program.Tests.Publishing;

/// <summary>A shell of this machine in the guest's place.</summary>
internal static class HostShell
{
    /// <summary>Runs a script with it; what it prints goes to <paramref name="output"/>.</summary>
    public static async Task<ScriptExit> RunAsync(string program, ReadOnlyMemory<byte> script, Stream output)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, script.ToArray());
        using var process = Process.Start(new ProcessStartInfo(program, [file]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync();
        File.Delete(file);
        return new ScriptExit(process.ExitCode);
    }
}
