using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Observing;
using VmExecutor.Publishing;
using Xunit;

namespace VmExecutor.Program.Tests.Publishing;

public sealed class PublishLogTests : IDisposable
{
    private readonly StringWriter _said = new();
    private readonly FakeTimeProvider _time = new();
    private readonly PublishLog _log;

    public PublishLogTests()
    {
        _log = new PublishLog(new JobLog(_said), _time);
    }

    public void Dispose() => _said.Dispose();

    [Fact]
    public void A_copy_says_each_second_how_far_it_is_and_that_it_is_done()
    {
        for (var percent = 0; percent <= 100; percent++)
        {
            _log.Progress("copying disk vda", percent / 100.0);
            _time.Advance(TimeSpan.FromMilliseconds(40));
        }

        _said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().Equal(
            "copying disk vda: 25 %", "copying disk vda: 50 %", "copying disk vda: 75 %", "copying disk vda: 100 %");
    }

    [Fact]
    public void Work_that_is_over_in_a_moment_is_not_reported()
    {
        foreach (var what in new[] { "checksum of kernel", "checksum of initrd" })
        {
            _log.Progress(what, 0.5);
            _time.Advance(TimeSpan.FromMilliseconds(600));
            _log.Progress(what, 1);
        }

        _said.ToString().Should().BeEmpty();
    }
}
