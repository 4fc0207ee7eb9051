using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Processes;

/// <summary>
/// The environment of a tool: a handful of the driver's own variables and none of the job's. The driver's environment holds every job
/// variable, secrets included (docs/runner-contract.md section 1), and a tool's environment is readable through /proc.
/// </summary>
public sealed record ToolEnvironment
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    // TMPDIR is missing on purpose: the runner deletes it after cleanup, and what we start may live longer.
    private static readonly string[] Kept = ["PATH", "HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR"];

    /// <summary>
    /// Takes the variables that tools need from <paramref name="environment"/>; programs print plain English (<c>LC_ALL=C</c>).
    /// </summary>
    public ToolEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        var variables = Kept
            .Where(environment.ContainsKey)
            .ToDictionary(name => name, name => environment[name], StringComparer.Ordinal);
        variables.TryAdd("PATH", DefaultPath);
        variables["LC_ALL"] = "C";
        Variables = variables;
    }

    public IReadOnlyDictionary<string, string> Variables { get; private init; }

    /// <summary>The same with more of the driver's own variables, for a tool of an administrator's command: a stage's would have what a job's author writes.</summary>
    /// <param name="environment">The driver's own.</param>
    /// <param name="names">The variables; those that are not there are left out.</param>
    public ToolEnvironment With(IReadOnlyDictionary<string, string> environment, IEnumerable<string> names) => this with
    {
        Variables = Variables.Concat(names.Where(name => environment.ContainsKey(name) && !Variables.ContainsKey(name)).Select(name => KeyValuePair.Create(name, environment[name])))
            .ToDictionary(StringComparer.Ordinal),
    };

    /// <summary>Those of these programs that <see cref="Find"/> does not find.</summary>
    public IReadOnlyList<string> Missing(IEnumerable<string> programs) => [.. programs.Where(program =>
    {
        try
        {
            Find(program);
            return false;
        }
        catch (ToolMissingException)
        {
            return true;
        }
    })];

    /// <summary>
    /// The file that a program's name means, by our PATH only: .NET would look into its own and the working directory first. As for a shell, one that may be executed comes before one that
    /// may not.
    /// </summary>
    /// <exception cref="ToolMissingException">No directory of PATH has a file of that name.</exception>
    public string Find(string program)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return HostFile.Look(program) == Presence.There ? program : throw new ToolMissingException(program);
        }

        string? unfit = null;
        foreach (var directory in Variables["PATH"].Split(':', StringSplitOptions.RemoveEmptyEntries).Where(directory => directory.StartsWith('/')))
        {
            var file = Path.Combine(directory, program);
            if (HostFile.Look(file) != Presence.There)
            {
                continue;
            }

            if (IsExecutable(file))
            {
                return file;
            }

            unfit ??= file;
        }

        return unfit ?? throw new ToolMissingException(program);
    }

    private static bool IsExecutable(string file) =>
        AbsolutePath.TryParse(file, out var path) && FileStat.TryRead(path) is { } stat && (stat.Mode & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;
}
