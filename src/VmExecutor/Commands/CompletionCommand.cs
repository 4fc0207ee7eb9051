using System.CommandLine;
using VmExecutor.Completions;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor completion</c>: what a shell needs to complete our command lines.</summary>
internal static class CompletionCommand
{
    public static Command Create(Invocation invocation)
    {
        var shell = new Argument<string>("shell") { Description = "Which shell: bash, zsh or fish." };
        shell.AcceptOnlyFromAmong([.. CompletionScripts.Shells]);
        var command = new Command(
            "completion", "Print a script that lets a shell complete commands, options, domains, images and jobs. Example: source <(vm-executor completion bash)")
        {
            shell,
        };
        command.SetAction(parsed => invocation.GuardAdmin(() =>
        {
            invocation.Output.WriteLine(CompletionScripts.For(parsed.GetRequiredValue(shell)));
            return ExitCodes.Success;
        }));
        return command;
    }
}
