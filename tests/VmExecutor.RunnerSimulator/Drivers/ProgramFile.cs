using System.Diagnostics;
using System.Text;

namespace VmExecutor.RunnerSimulator.Drivers;

/// <summary>A program that a test writes and has run.</summary>
public static class ProgramFile
{
    private const string Exchange = "> \"$1.new\" && chmod 755 \"$1.new\" && mv -f -- \"$1.new\" \"$1\"";

    /// <summary>
    /// Writes a program that every user may run, or exchanges it for another at once. A process of its own writes it. A file that is
    /// open for writing in this process is open in each child, too, that another thread makes at this moment. Until that child's exec
    /// the kernel refuses to run the file ("Text file busy", ETXTBSY in execve(2)).
    /// </summary>
    public static void Write(string path, string text)
    {
        using var writer = Process.Start(new ProcessStartInfo("sh", ["-c", $"cat {Exchange}", "sh", Path.GetFullPath(path)]) { RedirectStandardInput = true })!;
        using (var input = writer.StandardInput.BaseStream)
        {
            input.Write(Encoding.UTF8.GetBytes(text));
        }

        Finish(writer, path);
    }

    /// <summary>Copies a program in the same way.</summary>
    public static void Copy(string program, string path)
    {
        using var writer = Process.Start("sh", ["-c", $"cat < \"$2\" {Exchange}", "sh", Path.GetFullPath(path), program]);
        Finish(writer, path);
    }

    private static void Finish(Process writer, string path)
    {
        writer.WaitForExit();
        if (writer.ExitCode != 0)
        {
            throw new IOException($"{path} could not be written: sh ended with exit code {writer.ExitCode}");
        }
    }
}
