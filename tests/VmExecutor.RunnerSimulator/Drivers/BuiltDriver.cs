using System.Diagnostics;

namespace VmExecutor.RunnerSimulator.Drivers;

/// <summary>
/// The driver as it was built, found without knowing it: the program and the checkout's four entry points, copied to a
/// directory of the tests' own, so that no test depends on what else is done in the checkout.
/// </summary>
public sealed class BuiltDriver
{
    /// <summary>Names the program to test; tests/run sets it to a release build.</summary>
    public const string ProgramVariable = "VM_EXECUTOR_TEST_DRIVER";

    private const string ProgramName = "vm-executor";

    private static readonly string[] EntryPoints = ["config", "prepare", "run", "cleanup"];

    private BuiltDriver(string directory) => Directory = directory;

    /// <summary>Holds the entry points and the program.</summary>
    public string Directory { get; }

    public string Program => Path.Combine(Directory, ProgramName);

    /// <summary>The checkout that the running tests were built in.</summary>
    public static string Checkout()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "VmExecutor.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException($"no VmExecutor.sln above {AppContext.BaseDirectory}");
    }

    /// <summary>The files of the program and the entry points that are not there yet.</summary>
    public static IReadOnlyList<string> Missing() =>
        [.. EntryPoints.Select(EntryPoint).Append(BuiltProgram()).Where(path => !File.Exists(path))];

    /// <summary>
    /// Copied by cp and not by ourselves: a file that this process has just written cannot be executed while another thread is
    /// between fork and exec (ETXTBSY).
    /// </summary>
    public static BuiltDriver CopyTo(string directory)
    {
        System.IO.Directory.CreateDirectory(directory);
        var program = BuiltProgram();
        string[] what = File.Exists($"{program}.dll") ? [Path.GetDirectoryName(program)! + "/."] : [program];
        Copy([.. what, .. EntryPoints.Select(EntryPoint)], directory);
        return new BuiltDriver(directory);
    }

    private static string EntryPoint(string name) => Path.Combine(Checkout(), "executor", name);

    /// <summary>The program that <see cref="ProgramVariable"/> names, else the checkout's debug build.</summary>
    public static string BuiltProgram() =>
        Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } named
            ? named
            : Path.Combine(Checkout(), "src/VmExecutor/bin/Debug/net10.0", ProgramName);

    private static void Copy(IReadOnlyList<string> files, string directory)
    {
        using var copy = Process.Start(new ProcessStartInfo("cp", ["-r", "--", .. files, directory]))!;
        copy.WaitForExit();
        if (copy.ExitCode != 0)
        {
            throw new IOException($"cp {string.Join(' ', files)} {directory}: exit code {copy.ExitCode}");
        }
    }
}
