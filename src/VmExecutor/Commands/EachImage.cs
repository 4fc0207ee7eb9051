using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Observing;

namespace VmExecutor.Commands;

/// <summary>Finds the images that a command is for, and does its work on each of them.</summary>
internal static class EachImage
{
    /// <summary>The named one, or all.</summary>
    /// <exception cref="SystemFailureException">There is none of that name.</exception>
    public static IReadOnlyList<ImageDefinition> Choose(IReadOnlyList<ImageDefinition> images, string? name)
    {
        if (name is null)
        {
            return images;
        }

        var wanted = ImageCommand.Name(name);
        return [images.FirstOrDefault(one => one.Name == wanted) ?? throw ImageCommand.Unknown(wanted, images.Select(one => one.Name))];
    }

    /// <summary>One image's failure does not keep the others from being done; that of a single one is the command's own.</summary>
    /// <param name="invocation">Takes lines and failures.</param>
    /// <param name="images">In this order.</param>
    /// <param name="result">What holds of those that are done: <c>are up to date</c>.</param>
    /// <param name="work">The work on each image.</param>
    public static async Task<int> DoAsync(Invocation invocation, IReadOnlyList<ImageDefinition> images, string result, Func<ImageDefinition, Task> work)
    {
        if (images.Count == 1)
        {
            await work(images[0]);
            return ExitCodes.Success;
        }

        var log = new JobLog(invocation.Error);
        var failed = 0;
        foreach (var image in images)
        {
            try
            {
                await work(image);
            }
            catch (DriverException e)
            {
                log.Fail(e);
                failed++;
            }
        }

        invocation.Output.WriteLine($"{images.Count - failed} of {Quantity.Of(images.Count, "image")} {result}");
        return failed == 0 ? ExitCodes.Success : ExitCodes.Problem;
    }
}
