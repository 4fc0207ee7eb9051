using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>The actions after a fault, which must leave nothing.</summary>
public enum Aftermath
{
    /// <summary>The runner calls cleanup.</summary>
    Cleanup,

    /// <summary>The runner is gone with its directory; gc comes.</summary>
    Collection,

    /// <summary>The runner tries the same job again, then cleans up.</summary>
    Retry,
}

/// <summary>The rows of the matrix: each call of a stage, before and after it took effect, times each fault.</summary>
internal static class FaultMatrix
{
    /// <param name="calls">What a stage calls, as seen in a run of it without faults.</param>
    /// <param name="aftermaths">What follows.</param>
    public static TheoryData<int, string, bool, Fault, Aftermath> Rows(IReadOnlyList<string> calls, params Aftermath[] aftermaths)
    {
        var rows = new TheoryData<int, string, bool, Fault, Aftermath>();
        for (var number = 0; number < calls.Count; number++)
        {
            foreach (var fault in Enum.GetValues<Fault>().Where(fault => fault != Fault.LibvirtRestarted || IsLibvirt(calls[number])))
            {
                foreach (var after in new[] { false, true })
                {
                    foreach (var aftermath in aftermaths)
                    {
                        rows.Add(number, calls[number], after, fault, aftermath);
                    }
                }
            }
        }

        return rows;
    }

    /// <summary>The calls of something that is done in a world of its own.</summary>
    public static IReadOnlyList<string> Record(Func<StageWorld, Task> arrange, Func<StageWorld, Task> act) => Task.Run(async () =>
    {
        using var world = new StageWorld();
        await arrange(world);
        var calls = new List<string>();
        world.Gate = (call, after, _) =>
        {
            if (!after)
            {
                calls.Add(call.Split(' ')[0] + (call.Contains("vmx-probe", StringComparison.Ordinal) ? " (probe)" : ""));
            }

            return Task.CompletedTask;
        };
        await act(world);
        return calls;
    }).GetAwaiter().GetResult();

    private static bool IsLibvirt(string call) => call.Split(' ')[0] is not ("qemu-img" or "wait" or "open" or "connect" or "close" or "run" or "end" or "command");
}
