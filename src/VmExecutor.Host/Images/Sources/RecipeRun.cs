using CliWrap;
using VmExecutor.Core.Values;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Sources;

/// <summary>A running recipe, in a session of its own, with nothing to read and its output in files.</summary>
internal sealed class RecipeRun
{
    // The shell opens the files and then becomes the recipe: no pipe, which whatever the recipe leaves running would hold open.
    private const string Redirected = "output=$1 errors=$2; shift 2; exec \"$@\" < /dev/null >> \"$output\" 2>> \"$errors\"";
    private const string SetSid = "/usr/bin/setsid";
    private readonly CommandTask<CommandResult> _command;
    private readonly ProcessTree _tree;

    private RecipeRun(CommandTask<CommandResult> command, TimeProvider clock)
    {
        _command = command;
        _tree = new ProcessTree(command.ProcessId, clock);
    }

    public static RecipeRun Start(
        AbsolutePath recipe, string argument, RecipeEnvironment environment, AbsolutePath directory, AbsolutePath output, AbsolutePath errors, TimeProvider clock)
    {
        // A child of .NET leads no process group, so setsid(1) needs no fork: the recipe keeps the child's process id.
        var command = ToolNotStartedException.OrStarted($"{SetSid} {recipe} {argument}", () => Cli.Wrap(SetSid)
            .WithArguments(["/bin/sh", "-c", Redirected, "sh", output.Value, errors.Value, recipe.Value, argument])
            .WithWorkingDirectory(directory.Value)
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(start =>
            {
                start.RedirectStandardOutput = false;
                start.RedirectStandardError = false;
                start.Environment.Clear();
                foreach (var (name, value) in environment.Variables)
                {
                    start.Environment[name] = value;
                }
            }));
        return new RecipeRun(command, clock);
    }

    /// <summary>The exit code; null: the time was over. Nothing of it runs any more then, nor when this was cancelled.</summary>
    public async Task<int?> WaitAsync(TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            return (await _command.Task.WaitAsync(limit, clock, cancellationToken).ConfigureAwait(false)).ExitCode;
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            await _tree.EndAsync().ConfigureAwait(false);
        }
    }
}
