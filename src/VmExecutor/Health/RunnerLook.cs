using VmExecutor.Core.Guests;
using VmExecutor.Core.Health;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;

namespace VmExecutor.Health;

/// <summary>The GitLab Runner of this host: as whom it runs, and what its config.toml says. Each is found out once, when it is first wanted.</summary>
internal sealed class RunnerLook
{
    private readonly RunnerFiles _files;
    private readonly Accounts _accounts;
    private readonly AbsolutePath? _named;
    private readonly Lazy<GitLabRunner?> _running;
    private readonly Lazy<RunnerConfigLook> _config;

    public RunnerLook(RunnerHost host, RunnerFiles files, Accounts accounts, AbsolutePath? named)
    {
        (_files, _accounts, _named) = (files, accounts, named);
        _running = new(() => GitLabRunner.Find(host));
        _config = new(Read);
    }

    public RunnerConfigLook Config => _config.Value;

    public StageFile Look(StageCommand stage) => _files.Look(stage);

    /// <summary>Who runs this, and as whom a runner runs.</summary>
    public async Task<(Account Looking, Account? Running)> UsersAsync(CancellationToken cancellationToken)
    {
        var looking = await _accounts.FindAsync(ProcessUser.Id, cancellationToken);
        return (looking, _running.Value is { User: var user } ? user == looking.Id ? looking : await _accounts.FindAsync(user, cancellationToken) : null);
    }

    public Task<Account> FindAsync(uint id, CancellationToken cancellationToken) => _accounts.FindAsync(id, cancellationToken);

    private RunnerConfigLook Read()
    {
        var places = _files.Places(_named, _running.Value);
        if (RunnerFiles.Find(places) is not { } file)
        {
            var where = string.Join(" or ", places);
            return new RunnerConfigLook(places[0], null, [_named is null
                ? Checks.RunnerConfig.Warning($"there is no {where}: is GitLab Runner on this host?", $"{DriverVersion.Name} doctor --config-toml FILE   # if it is elsewhere")
                : Checks.RunnerConfig.Problem($"there is no {where}, as --config-toml says", $"ls -l {ShellText.Quote(_named.Parent().Value)}")]);
        }

        try
        {
            var (toml, errors) = RunnerTomlReader.Read(RunnerFiles.Read(file));
            var (ours, findings) = toml is null ? ([], []) : StageRules.FindOurs(toml, file, Look);
            return new RunnerConfigLook(file, toml, [.. errors.Select(error => Checks.RunnerConfig.Problem($"{file}: {error}", $"editor {ShellText.Quote(file.Value)}")), .. findings]) { Ours = ours };
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return new RunnerConfigLook(file, null, [Checks.RunnerConfig.Warning($"{file} cannot be read: {HostFileException.ReasonOf(e)}", $"sudo {DriverVersion.Name} doctor --config-toml {ShellText.Quote(file.Value)}")]);
        }
    }
}

/// <summary>What was read of config.toml.</summary>
/// <param name="File">Which.</param>
/// <param name="Toml">Null: it is not there, or cannot be used.</param>
/// <param name="Findings">About the file as a whole.</param>
internal sealed record RunnerConfigLook(AbsolutePath File, RunnerToml? Toml, IReadOnlyList<Finding> Findings)
{
    /// <summary>The runners whose stages are this driver's.</summary>
    public IReadOnlyList<RunnerEntry> Ours { get; init; } = [];
}
