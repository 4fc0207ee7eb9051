using FluentAssertions;
using VmExecutor.Observing;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

public sealed class JobLogTests
{
    /// <summary>The logs of a job's VMs, which start side by side.</summary>
    [Fact(Timeout = 120_000)]
    public async Task Logs_that_share_what_was_said_give_each_warning_once_when_they_warn_at_once()
    {
        const int Logs = 8;
        const int Warnings = 500;
        var lines = new StringWriter();
        var log = new JobLog(TextWriter.Synchronized(lines));
        using var together = new Barrier(Logs);

        await Task.WhenAll(Enumerable.Range(0, Logs).Select(_ => Task.Factory.StartNew(
            () =>
            {
                var own = log.About("vm");
                together.SignalAndWait(TestContext.Current.CancellationToken);
                for (var number = 0; number < Warnings; number++)
                {
                    own.WarnOnce($"warning {number}");
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

        lines.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)
            .SequenceEqual(Enumerable.Range(0, Warnings).Select(number => $"vm: WARNING: warning {number}").Order(StringComparer.Ordinal)).Should().BeTrue();
    }
}
