using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Core.Tests.Jobs;

public sealed class DriverAnswerTests
{
    [Fact]
    public void The_answer_has_the_keys_and_types_that_the_runner_reads()
    {
        var answer = new DriverAnswer { Driver = ("vm-executor", "1.2.3"), Hostname = "vmx-1", BuildsDir = "/b\"uilds", CacheDir = "/cache", Shell = "bash" };

        using var json = JsonDocument.Parse(answer.ToJson());

        json.RootElement.EnumerateObject().Select(property => (property.Name, property.Value.ToString())).Should().Equal(
            ("driver", """{"name":"vm-executor","version":"1.2.3"}"""),
            ("hostname", "vmx-1"),
            ("builds_dir", "/b\"uilds"),
            ("cache_dir", "/cache"),
            ("builds_dir_is_shared", "False"),
            ("shell", "bash"));
    }
}
