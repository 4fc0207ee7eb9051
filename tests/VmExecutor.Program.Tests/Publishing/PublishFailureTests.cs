using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests.Publishing;

/// <summary>A publishing that failed is in the metrics of its host.</summary>
public sealed class PublishFailureTests : IDisposable
{
    // Of the text {}.
    private const string Digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task A_publishing_that_fails_is_in_the_metrics_with_its_code_and_the_digest_beside_the_generation_that_jobs_get()
    {
        var file = _bench.PathOf("metrics.prom");
        _bench.Write("vm-executor.yaml", $"{await File.ReadAllTextAsync(_bench.PathOf("vm-executor.yaml"), TestContext.Current.CancellationToken)}metrics: {{file: '{file}'}}\n")
            .Write("images/pulled.yaml", "source: oci\nimage: registry.example.com/ci/debian:1\nmemory: 256MiB\nssh: {user: ci, login: systemd-credentials}\n")
            .WriteProgram("bin/skopeo", "#!/bin/sh\nprintf '{}'\n")
            .Publish("pulled", 3);
        _bench.Environment["PATH"] = $"{_bench.PathOf("bin")}:/usr/bin:/bin";

        var exit = await _bench.RunAsync("image", "publish", "pulled");

        exit.ExitCode.Should().Be(StageBench.SystemFailure, exit.ToString());
        var code = Regex.Match(exit.Error, "VMX[0-9]{4}").Value;
        (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Should()
            .Contain($"\nvm_executor_image_publish_failed{{image=\"pulled\",code=\"{code}\",digest=\"{Digest}\"}} 1\n")
            .And.Contain("\nvm_executor_image_info{image=\"pulled\",generation=\"3\",digest=\"\"} 1\n");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_note_of_a_failure_that_is_damaged_is_none()
    {
        _bench.Publish("small", 1).Write("state/images/small/failed.json", "{\"failed\":");

        (await _bench.RunAsync("metrics")).Output.Should().Contain("vm_executor_image_info{image=\"small\"").And.NotContain("publish_failed");
    }
}
