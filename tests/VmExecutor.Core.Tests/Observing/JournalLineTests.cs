using FluentAssertions;
using VmExecutor.Core.Observing;
using Xunit;

namespace VmExecutor.Core.Tests.Observing;

public sealed class JournalLineTests
{
    [Theory]
    [InlineData("ERROR VMX1203: it runs", null, "<3>ERROR VMX1203: it runs", 3)]
    [InlineData("WARNING: it is slow", null, "<4>WARNING: it is slow", 4)]
    [InlineData("warning: left alone", 3, "<4>warning: left alone", 4)]
    [InlineData("What to do: this", 3, "<3>What to do: this", 3)]
    [InlineData("What to do: this", null, "What to do: this", null)]
    [InlineData("0 removed, 0 failed", 3, "0 removed, 0 failed", null)]
    [InlineData("<6>{\"stage\":\"gc\"}", null, "<6>{\"stage\":\"gc\"}", null)]
    [InlineData("ERRORS are 0", null, "ERRORS are 0", null)]
    [InlineData("", null, "", null)]
    public void A_failure_and_a_warning_have_journalds_priority_and_a_hint_that_of_its_failure(string line, int? before, string marked, int? priority) =>
        JournalLine.Mark(line, before).Should().Be((marked, priority));
}
