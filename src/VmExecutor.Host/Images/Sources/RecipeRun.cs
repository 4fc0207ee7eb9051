using System.Diagnostics;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Images.Sources;

/// <summary>A running recipe, in a session of its own, with nothing to read and its output in files.</summary>
internal sealed class RecipeRun : IDisposable
{
    // The shell opens the files and then becomes the recipe: no pipe, which whatever the recipe leaves running would hold open.
    private const string Redirected = "output=$1 errors=$2; shift 2; exec \"$@\" < /dev/null >> \"$output\" 2>> \"$errors\"";
    private readonly Process _process;
    private readonly ProcessTree _tree;

    private RecipeRun(Process process, TimeProvider clock)
    {
        _process = process;
        _tree = new ProcessTree(process.Id, clock);
    }

    public static RecipeRun Start(
        AbsolutePath recipe, string argument, RecipeEnvironment environment, AbsolutePath directory, AbsolutePath output, AbsolutePath errors, TimeProvider clock)
    {
        // A child of .NET leads no process group, so setsid(1) needs no fork: the recipe keeps the child's process id.
        var start = new ProcessStartInfo(
            "/usr/bin/setsid",
            ["/bin/sh", "-c", Redirected, "sh", output.Value, errors.Value, recipe.Value, argument])
        {
            WorkingDirectory = directory.Value,
            RedirectStandardInput = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment.Variables)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"'{recipe}' was not started");
        process.StandardInput.Close();
        return new RecipeRun(process, clock);
    }

    /// <summary>The exit code; null: the time was over. Nothing of it runs any more then, nor when this was cancelled.</summary>
    public async Task<int?> WaitAsync(TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            await _process.WaitForExitAsync(cancellationToken).WaitAsync(limit, clock, cancellationToken).ConfigureAwait(false);
            return _process.ExitCode;
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

    public void Dispose() => _process.Dispose();
}
