using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary><c>image warm</c> and <c>image publish --warm</c>, up to where a guest would be booted.</summary>
public sealed class WarmCommandTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData("image", "warm")]
    [InlineData("image", "warm", "small", "--all")]
    public async Task Neither_an_image_nor_all_or_both_are_refused(params string[] arguments)
    {
        var exit = await _bench.RunAsync(arguments);

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", "either an image or --all");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_image_that_is_not_there_is_told_with_those_that_are()
    {
        var exit = await _bench.RunAsync("image", "warm", "smal");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", "smal", "other, small");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("image", "warm", "small")]
    [InlineData("image", "publish", "small", "--warm")]
    public async Task An_image_whose_jobs_are_not_to_start_warm_gets_no_template_and_is_not_published_for_one(params string[] arguments)
    {
        var exit = await _bench.RunAsync(arguments);

        exit.ShouldFail(StageBench.SystemFailure, "VMX1219", "'small'", "warm: {enabled: true}", _bench.PathOf("images/small.yaml"));
        exit.Output.Should().BeEmpty();
        Directory.Exists(_bench.PathOf("state/images")).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task All_leaves_out_images_whose_jobs_are_not_to_start_warm()
    {
        Enable("small");

        var exit = await _bench.RunAsync("image", "warm", "--all");

        exit.ShouldFail(StageBench.SystemFailure, "VMX12", "'small'");
        exit.Error.Should().NotContain("'other'");
    }

    /// <summary>Else the timer's unit fails from the moment in which an administrator writes an image's file.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("small")]
    [InlineData("small", "other")]
    public async Task The_timers_command_needs_no_template_of_images_that_were_not_published_yet(params string[] images)
    {
        images.ToList().ForEach(Enable);

        var exit = await _bench.RunAsync("image", "warm", "--all", "--if-needed");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Error.Should().BeEmpty();
        exit.Output.Should().Be(string.Concat(images.Order(StringComparer.Ordinal).Select(image =>
            $"image '{image}' was not published yet, so it needs no template: vm-executor image publish {image} --warm\n")));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_timers_command_goes_on_with_images_that_were_published()
    {
        Enable("small");
        Enable("other");
        Directory.CreateDirectory(_bench.PathOf("state/images/small"));
        File.WriteAllText(_bench.PathOf("state/images/small/current"), "1\n");

        var exit = await _bench.RunAsync("image", "warm", "--all", "--if-needed");

        exit.ShouldFail(StageBench.SystemFailure, "VMX12", "'small'");
        exit.Output.Should().Contain("image 'other' was not published yet").And.NotContain("'small'");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_failure_of_one_image_does_not_keep_the_others_from_getting_their_templates()
    {
        Enable("small");
        Enable("other");

        var exit = await _bench.RunAsync("image", "warm", "--all");

        exit.ExitCode.Should().Be(1, exit.ToString());
        exit.Error.Should().ContainAll("'small'", "'other'");
        exit.Output.Should().Be("0 of 2 images have their templates\n");
    }

    [Fact(Timeout = 60_000)]
    public async Task Publishing_all_with_templates_says_nothing_of_images_that_have_none()
    {
        var exit = await _bench.RunAsync("image", "publish", "--all", "--warm");

        exit.Error.Should().NotContain("VMX1219").And.Contain("base.qcow2", "the bench's disks are empty files");
        exit.Output.Should().EndWith("0 of 2 images are up to date\n");
    }

    private void Enable(string image) =>
        File.AppendAllText(_bench.PathOf($"images/{image}.yaml"), "warm: {enabled: true}\n");
}
