using System.Text;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Core.Tests.Jobs;

public sealed class JobVariablesTests
{
    [Fact]
    public void Only_the_wanted_ones_are_read_the_last_definition_counts_and_no_value_is_printed()
    {
        var variables = Read(
            """{ "id": 1, "variables": [ { "key": "A", "value": "first" }, { "key": "B", "value": "hunter2" }, { "key": "A", "value": "$B\nlast", "file": true }, { "key": "N", "value": null }, 7 ] }""",
            "A", "N", "MISSING");

        variables.Values.Should().Equal(new Dictionary<string, string> { ["A"] = "$B\nlast" });
        variables.ToString().Should().Be("1 job variable");
        $"{variables}".Should().NotContain("last");
    }

    [Fact]
    public void A_text_that_is_no_job_response_is_refused_without_quoting_it()
    {
        FluentActions.Invoking(() => Read("""{ "variables": [ hunter2 ] }""", "A"))
            .Should().Throw<SystemFailureException>().Which.Message.Should().NotContain("hunter2");
    }

    private static JobVariables Read(string json, params string[] names) => JobVariables.Read(Encoding.UTF8.GetBytes(json), names);
}
