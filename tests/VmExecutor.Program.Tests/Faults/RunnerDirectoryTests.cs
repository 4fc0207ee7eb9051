using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>The directory that a killed runner leaves, with the job's token in it.</summary>
public sealed class RunnerDirectoryTests : IDisposable
{
    private readonly StageWorld _world = new();
    private readonly string _outside;

    public RunnerDirectoryTests()
    {
        _outside = _world.Root.Child("outside").Value;
        Directory.CreateDirectory(_outside);
        File.WriteAllText(Path.Combine(_outside, "precious"), "");
    }

    public void Dispose() => _world.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task It_goes_with_the_job_and_links_in_it_are_not_followed()
    {
        var directory = Make("custom-executor123456");
        Directory.CreateSymbolicLink(Path.Combine(directory, "link"), _outside);
        await AbandonAsync(directory);

        (await _world.CollectAsync(dryRun: true)).Leftovers.Should().ContainSingle().Which.Parts.Should().Contain($"directory {directory}");
        Directory.Exists(directory).Should().BeTrue();
        var collected = (await _world.CollectAsync()).Leftovers.Should().ContainSingle().Which;

        collected.Parts.Should().Contain($"directory {directory}");
        collected.Failure.Should().BeNull();
        Directory.Exists(directory).Should().BeFalse();
        File.Exists(Path.Combine(_outside, "precious")).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task While_its_runner_lives_it_stays_whatever_becomes_of_the_job()
    {
        var directory = Make("custom-executor1");
        await AbandonAsync(directory, gone: false);

        (await _world.CollectAsync()).Leftovers.Should().ContainSingle("its time is over").Which.Failure.Should().BeNull();

        Directory.Exists(directory).Should().BeTrue();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("custom-executor")]
    [InlineData("custom-executor12a")]
    [InlineData("my-custom-executor12")]
    [InlineData("home")]
    public async Task A_directory_of_another_name_is_none_of_a_runner(string name)
    {
        var directory = Make(name);
        await AbandonAsync(directory);

        (await _world.CollectAsync()).Removed.Should().Be(1);

        Directory.Exists(directory).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_link_of_its_name_is_neither_followed_nor_removed_and_named()
    {
        var link = _world.Root.Child("custom-executor5").Value;
        Directory.CreateSymbolicLink(link, _outside);
        await AbandonAsync(link);

        (await _world.CollectAsync()).Leftovers.Single().Failure.Should().Contain(link).And.Contain("no directory");

        File.Exists(Path.Combine(_outside, "precious")).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_a_process_still_works_in_is_left_and_named()
    {
        var directory = Make("custom-executor6");
        using var stage = Process.Start(new ProcessStartInfo("sleep", "100") { WorkingDirectory = directory })!;
        await AbandonAsync(directory);

        var failure = (await _world.CollectAsync()).Leftovers.Single().Failure;
        stage.Kill();
        await stage.WaitForExitAsync(TestContext.Current.CancellationToken);

        failure.Should().Contain($"process {stage.Id} still works in it").And.Contain("secrets");
        Directory.Exists(directory).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task One_of_another_user_is_left_and_named()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "root, to give a directory away");
        var directory = Make("custom-executor7");
        using var tool = Process.Start("chown", ["65534", directory]);
        await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
        await AbandonAsync(directory);

        (await _world.CollectAsync()).Leftovers.Single().Failure.Should().Contain("belongs to user 65534");

        Directory.Exists(directory).Should().BeTrue();
    }

    private string Make(string name)
    {
        var directory = _world.Root.Child(name).Value;
        Directory.CreateDirectory(Path.Combine(directory, "script1"));
        File.WriteAllText(Path.Combine(directory, "response.json"), "{\"token\": \"glcbt-secret\"}");
        return directory;
    }

    /// <summary>A prepared job of a runner that was killed; or whose time is over while its runner lives.</summary>
    private async Task AbandonAsync(string directory, bool gone = true)
    {
        await _world.PrepareAsync();
        var record = _world.JobDirectory.Read()!;
        TestRecord.Put(_world.JobDirectory, record with
        {
            Stamp = record.Stamp with
            {
                TemporaryDirectory = directory,
                Runner = gone ? TestRecord.Gone : ProcessTable.Self(),
                Expires = gone ? record.Stamp.Expires : record.Stamp.Created,
            },
        });
    }
}
