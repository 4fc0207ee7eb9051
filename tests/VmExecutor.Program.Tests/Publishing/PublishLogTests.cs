using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Observing;
using VmExecutor.Publishing;
using Xunit;

namespace VmExecutor.Program.Tests.Publishing;

public sealed class PublishLogTests : IDisposable
{
    private readonly StringWriter _said = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<TransferAmount> _shown = [];
    private readonly PublishLog _log;

    public PublishLogTests()
    {
        _log = new PublishLog(new JobLog(_said), _time, _shown.Add);
    }

    public void Dispose() => _said.Dispose();

    [Fact]
    public void A_copy_says_each_second_how_far_it_is_and_that_it_is_done()
    {
        for (var percent = 0; percent <= 100; percent++)
        {
            _log.Progress("copying disk vda", percent / 100.0, 400 << 20);
            _time.Advance(TimeSpan.FromMilliseconds(40));
        }

        _said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().Equal(
            "copying disk vda: 25 %", "copying disk vda: 50 %", "copying disk vda: 75 %", "copying disk vda: 100 %");
        _shown.Should().HaveCount(101);
        _shown[0].Should().Be(new TransferAmount("copying disk vda", 0, "0KiB of 400MiB"));
        _shown[50].Should().Be(new TransferAmount("copying disk vda", 50, "200MiB of 400MiB, 100MiB/s"), "half of it took two seconds");
    }

    [Fact]
    public void A_line_is_the_action_until_the_next_one_and_an_amount_in_it_is_read()
    {
        _log.Say("starting a clone of it to probe it");
        _log.Job.Say("The VM gets 2 CPUs");
        _log.Say("downloading a: 50 % (1MiB of 2MiB)");
        _log.Progress("copying disk vda", 0.25, bytes: 0);

        _said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().Equal("starting a clone of it to probe it", "The VM gets 2 CPUs", "downloading a: 50 % (1MiB of 2MiB)");
        _shown.Should().Equal(
            new TransferAmount("starting a clone of it to probe it", null, null), new TransferAmount("downloading a", 50, "1MiB of 2MiB"), new TransferAmount("copying disk vda", 25, null));
    }

    [Fact]
    public void Work_that_is_over_in_a_moment_is_not_reported()
    {
        foreach (var what in new[] { "checksum of kernel", "checksum of initrd" })
        {
            _log.Progress(what, 0.5, 1000);
            _time.Advance(TimeSpan.FromMilliseconds(600));
            _log.Progress(what, 1, 1000);
        }

        _said.ToString().Should().BeEmpty();
    }
}
