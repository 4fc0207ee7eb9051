using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Runner;

/// <summary>
/// The machine that GitLab Runner runs on, as it is seen from here: this one, unless <see cref="Variable"/> names the directory where the root of
/// another is mounted (a container that looks at its host, a test that must not look at the machine it runs on).
/// </summary>
/// <param name="root">Its root directory.</param>
public sealed class RunnerHost(AbsolutePath root)
{
    public const string Variable = "VM_EXECUTOR_RUNNER_ROOT";

    private static readonly AbsolutePath Own = new("/");

    /// <summary>The configuration file of GitLab Runner's packages.</summary>
    public AbsolutePath SystemConfig => Of(new AbsolutePath("/etc/gitlab-runner/config.toml"));

    private AbsolutePath Proc => Of(new AbsolutePath("/proc"));

    /// <exception cref="SystemFailureException">The variable is not the path of a directory.</exception>
    public static RunnerHost FromEnvironment(IReadOnlyDictionary<string, string> variables) =>
        variables.GetValueOrDefault(Variable) is not { Length: > 0 } named ? new RunnerHost(Own)
        : AbsolutePath.TryParse(named, out var root) ? new RunnerHost(root)
        : throw new SystemFailureException(
            ErrorCodes.UsageWrong, $"{Variable} is '{PlainText.OneLine(named, 200)}', which is no absolute path", $"Give {Variable} the directory where the root of the runner's machine is mounted, or remove it.");

    /// <summary>A path of that machine, by the path that it has here.</summary>
    public AbsolutePath Of(AbsolutePath path) => root == Own ? path : new AbsolutePath(root.Value + path.Value);

    /// <summary>Its processes that can be seen, each with its directory in the process table and its arguments.</summary>
    public IEnumerable<(AbsolutePath Directory, string[] Arguments)> Processes() =>
        HostDirectory.Exists(Proc.Value) ? ProcessTable.Ids(Proc).Select(Process) : [];

    /// <summary>One of them; one that cannot be seen has no arguments.</summary>
    public (AbsolutePath Directory, string[] Arguments) Process(int id) => (Proc.Resolve($"{id}"), ProcessTable.Arguments(Proc, id));
}
