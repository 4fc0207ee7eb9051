using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Sources;

/// <summary><c>source: build</c>: runs the administrator's recipe, as config/recipes/README.md says.</summary>
/// <param name="variables">The environment of the user who publishes.</param>
/// <param name="tools">For ssh-keygen.</param>
/// <param name="clock">The clock.</param>
public sealed class BuildSource(IReadOnlyDictionary<string, string> variables, IToolRunner tools, TimeProvider clock)
{
    private const int EvidenceLines = 20;
    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>Told each second that the recipe runs, with the last line that it said.</summary>
    public Action<TransferAmount> Show { get; init; } = _ => { };

    /// <summary>Runs it to its end.</summary>
    /// <param name="image">The image of the recipe.</param>
    /// <param name="source">The recipe.</param>
    /// <param name="output">Made if it is missing; the disk comes to lie below it, and all that the recipe leaves behind.</param>
    /// <param name="log">Gets all that the recipe says, and is kept.</param>
    /// <param name="tell">Gets the last line of it now and then.</param>
    /// <param name="cancellationToken">Ends the recipe and whatever it has started.</param>
    /// <exception cref="SystemFailureException">It failed, took too long, or left no disk.</exception>
    public async Task<SourceFiles> RunAsync(
        ImageDefinition image, ImageSource.Build source, AbsolutePath output, AbsolutePath log, Action<string> tell, CancellationToken cancellationToken)
    {
        RecipeFile.EnsureUsable(image.Name, source.Recipe);
        var environment = await RecipeEnvironment.ForAsync(image, variables, tools, cancellationToken).ConfigureAwait(false);
        var (result, scratch) = (output.Child("result"), output.Child("scratch"));
        Prepare(result, scratch, log);
        tell($"building '{image.Name}' with {source.Recipe}; its log is {log}");
        try
        {
            var run = RecipeRun.Start(source.Recipe, result.Value, environment, scratch, log, log, clock);
            using var telling = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var told = TellAsync($"building '{image.Name}'", log, tell, telling.Token);
            var exitCode = await run.WaitAsync(source.Timeout, clock, cancellationToken).ConfigureAwait(false);
            await telling.CancelAsync().ConfigureAwait(false);
            await told.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return exitCode == 0
                ? BuildResult.Read(result) ?? throw Failure(image, source, log, $"left neither disk.qcow2 nor disk.raw in {result}")
                : throw Failure(image, source, log, End(exitCode, source.Timeout));
        }
        finally
        {
            HostDirectory.TryDelete(scratch.Value);
        }
    }

    private static string End(int? exitCode, TimeSpan limit) => exitCode is { } code
        ? string.Create(CultureInfo.InvariantCulture, $"ended with exit code {code}")
        : $"did not end within {DurationText.Format(limit)} (build_timeout) and was ended";

    // The log is the publisher's alone: recipes may say what they were given.
    private static void Prepare(AbsolutePath result, AbsolutePath scratch, AbsolutePath log)
    {
        try
        {
            foreach (var directory in (AbsolutePath[])[result, scratch])
            {
                if (HostDirectory.Exists(directory.Value))
                {
                    HostDirectory.Delete(directory.Value, recursive: true); // of a build that was killed
                }

                StateDirectories.Make(directory, StateDirectories.Private);
            }

            using var file = HostFile.Open(log.Value, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{result.Parent()} cannot be made ready for a build", e);
        }
    }

    private static SystemFailureException Failure(ImageDefinition image, ImageSource.Build source, AbsolutePath log, string what)
    {
        var lines = BuildLog.LastLines(log, EvidenceLines);
        var evidence = lines.Count == 0 ? "It said nothing." : $"Its last lines:\n  {string.Join("\n  ", lines)}";
        return new SystemFailureException(
            ErrorCodes.ImageBuildFailed,
            $"the recipe {source.Recipe} of image '{image.Name}' {what}. {evidence}",
            $"Its whole log is {log}. Run the recipe by hand to see it fail: {source.Recipe} OUTPUT_DIR.");
    }

    private async Task TellAsync(string what, AbsolutePath log, Action<string> tell, CancellationToken cancellationToken)
    {
        string? last = null;
        var at = clock.GetTimestamp();
        while (true)
        {
            var line = BuildLog.LastLines(log, 1) is [var end] ? end : null;
            if (clock.GetElapsedTime(at) >= TellInterval)
            {
                at = clock.GetTimestamp();
                if (line is not null && line != last)
                {
                    tell(last = line);
                }
            }

            Show(new TransferAmount(what, null, line));
            await Task.Delay(LookInterval, clock, cancellationToken).ConfigureAwait(false);
        }
    }
}
