using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Runner;

/// <summary>A GitLab Runner that runs on this host.</summary>
/// <param name="User">The user it runs as.</param>
/// <param name="ConfigFile">What it was told by <c>--config</c>; null: nothing.</param>
public sealed record GitLabRunner(uint User, AbsolutePath? ConfigFile)
{
    /// <summary>Its directory in the process table; null: not known.</summary>
    public AbsolutePath? Process { get; init; }

    private static readonly string[] Options = ["--config", "-c"];

    /// <summary>The first that is found in the machine's process table; null: there is none that can be seen.</summary>
    public static GitLabRunner? Find(RunnerHost host) => host.Processes()
        .Where(process => IsRunner(process.Arguments))
        .Select(process => Of(host, process.Directory, process.Arguments))
        .FirstOrDefault(runner => runner is not null);

    /// <summary>The runner that a process is; null: it is none.</summary>
    /// <param name="host">The machine it runs on.</param>
    /// <param name="process">Its id there.</param>
    public static GitLabRunner? Of(RunnerHost host, int process) =>
        host.Process(process) is var (directory, arguments) && IsRunner(arguments) ? Of(host, directory, arguments) : null;

    private static GitLabRunner? Of(RunnerHost host, AbsolutePath directory, string[] arguments) =>
        FileStat.TryRead(directory) is { } stat ? new GitLabRunner(stat.Owner, ConfigOf(arguments) is { } file ? host.Of(file) : null) { Process = directory } : null;

    /// <summary><c>gitlab-runner run …</c>; not one that only verifies or registers, nor the helper of a job.</summary>
    internal static bool IsRunner(string[] arguments) =>
        arguments is [var program, ..] && Path.GetFileName(program) == "gitlab-runner" && arguments.Contains("run");

    internal static AbsolutePath? ConfigOf(string[] arguments)
    {
        var value = arguments.Index().Where(one => Options.Contains(one.Item)).Select(one => arguments.ElementAtOrDefault(one.Index + 1)).FirstOrDefault()
            ?? arguments.FirstOrDefault(one => one.StartsWith("--config=", StringComparison.Ordinal))?["--config=".Length..];
        return AbsolutePath.TryParse(value, out var path) ? path : null;
    }
}
