using Xunit;

namespace VmExecutor.Program.Tests.Publishing;

/// <summary><c>image push</c> with command lines that are wrong.</summary>
public sealed class PushCommandTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory(Timeout = 120_000)]
    [InlineData("docker://registry.example.com/ci/debian-12:1", "leave out 'docker://'")]
    [InlineData("debian-12:1", "registry's host")]
    [InlineData("registry.example.com/ci/debian-12", "it has no tag")]
    [InlineData("registry.example.com/ci/Debian-12:1", "small letters")]
    [InlineData("registry.example.com/ci/debian-12@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "names what is there already")]
    public async Task A_place_that_is_none_is_refused_with_the_reason(string place, string why)
    {
        var exit = await _bench.RunAsync("image", "push", "small", place);

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", why, "for example registry.example.com/ci/debian-12:2026-11");
    }

    [Fact(Timeout = 120_000)]
    public async Task An_image_without_the_generation_is_refused_and_the_names_of_all_are_offered()
    {
        const string place = "registry.example.com/ci/small:1";

        (await _bench.RunAsync("image", "push", "smal", place)).ShouldFail(StageBench.SystemFailure, "VMX1212", "image 'smal' has no published generation", "'vm-executor image list' has all names");
        (await _bench.RunAsync("image", "push", "small", place, "--generation", "9")).ShouldFail(StageBench.SystemFailure, "VMX1214", "vm-executor image show small");
        _bench.Write("state/images/small/3/image.json", "{ damaged");
        (await _bench.RunAsync("image", "push", "small", place, "--generation", "9")).ShouldFail(StageBench.SystemFailure, "VMX1214", "has no generation 9; there are: 3");
        (await _bench.RunAsync("image", "push", "small", place, "--generation", "3")).ShouldFail(StageBench.SystemFailure, "VMX1213", "generation 3 of image 'small'", "image.json is missing or unreadable");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_command_line_without_the_place_names_the_help_of_that_command() =>
        (await _bench.RunAsync("image", "push", "small")).ShouldFail(StageBench.SystemFailure, "VMX1901", "See 'vm-executor image push --help'.");
}
