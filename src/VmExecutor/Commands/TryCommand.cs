using System.CommandLine;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor try</c>: one job in an image, without a GitLab.</summary>
internal static class TryCommand
{
    private const string DefaultScript = "uname -a";

    public static Command Create(Composition composition, Option<string?> config)
    {
        var image = new Argument<string>("image") { Description = "The image to run a job in." };
        var words = new Argument<string[]>("command") { Description = "Behind --: a command line to run as the job's script.", Arity = ArgumentArity.ZeroOrMore };
        var script = new Option<string?>("--script") { Description = "A file with the job's script.", HelpName = "FILE" };
        var repository = new Option<string?>("--repo") { Description = "A git repository whose HEAD the job gets as its sources.", HelpName = "DIR" };
        var keep = new Option<bool>("--keep") { Description = "Leave the VM at the end and say how to enter it." };
        var command = new Command(
            "try",
            "Run one job through all four stages as the runner would. Example: vm-executor try debian-12 --repo . -- make test")
        {
            image, words, script, repository, keep,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(script) is not null && result.GetValue(words) is { Length: > 0 })
            {
                result.AddError("Give either --script FILE or a command behind --, not both.");
            }
        });
        command.SetAction((parsed, _) => composition.GuardAdminAsync(async token =>
        {
            var text = parsed.GetValue(script) is { } file
                ? await ReadScriptAsync(DriverCommand.Resolve(file), token)
                : ScriptOf(parsed.GetValue(words) ?? []);
            AbsolutePath? directory = parsed.GetValue(repository) is { } path ? DriverCommand.Resolve(path) : null;
            return await composition.Trial(parsed.GetValue(config), token)
                .RunAsync(parsed.GetRequiredValue(image), text, directory, parsed.GetValue(keep));
        }));
        return command;
    }

    private static async Task<string> ReadScriptAsync(AbsolutePath file, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(file.Value, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SystemFailureException(ErrorCodes.UsageWrong, $"the script {file} cannot be read: {e.Message}", "Give --script a file with the job's script.", e);
        }
    }

    private static string ScriptOf(string[] words) => words is [] ? DefaultScript : ShellText.Line(words);
}
