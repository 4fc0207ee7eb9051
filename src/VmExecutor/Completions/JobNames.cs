using System.CommandLine;
using System.CommandLine.Completions;
using VmExecutor.Jobs;

namespace VmExecutor.Completions;

/// <summary>The jobs that have a directory on this host.</summary>
internal static class JobNames
{
    /// <summary>The argument, offering them.</summary>
    public static Argument<string> WithJobs(this Argument<string> argument, Invocation invocation, Option<string?> config)
    {
        argument.HelpName = argument.Name;
        argument.CompletionSources.Add(context => Of(invocation, context, config));
        return argument;
    }

    private static IEnumerable<CompletionItem> Of(Invocation invocation, CompletionContext context, Option<string?> config) => Quick.Offer(() =>
        new JobsAtHand(invocation.LoadWithoutImages(context.ParseResult.GetValue(config)), invocation.Time).Keys().Select(key => key.Value));
}
