using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The scripts that the stages keep of failed jobs, their end, and <c>replay</c> up to where a VM would be made.</summary>
public sealed class ReplayCommandTests : IDisposable
{
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersDirectory = OwnersFile | UnixFileMode.UserExecute;

    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_failed_jobs_scripts_are_kept_where_only_their_owner_reads_them()
    {
        Enable();
        var key = await RunJobAsync(exitCode: 7, "failed");

        Mode($"state/kept-scripts").Should().Be(OwnersDirectory);
        Mode($"state/kept-scripts/{key}").Should().Be(OwnersDirectory);
        Mode($"state/kept-scripts/{key}/001-build_script").Should().Be(OwnersFile);
        File.ReadAllText(_bench.PathOf($"state/kept-scripts/{key}/001-build_script")).Should().Contain("the script");
        var kept = KeptJob.TryParse(File.ReadAllText(_bench.PathOf($"state/kept-scripts/{key}/kept.json")))!;
        kept.Should().BeEquivalentTo(new { Key = key, JobId = 4711, Name = "unit", Project = "group/project", Image = "small", ProjectDirectory = "/builds/group/project" });
        kept.Scripts.Should().Equal(new KeptScript("build_script", "001-build_script", 7, null));
        Directory.Exists(_bench.PathOf($"state/jobs/{key}")).Should().BeFalse();
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true, 0, "success")]
    [InlineData(true, 7, "canceled")]
    [InlineData(true, 0, "failed")]
    [InlineData(false, 7, "failed")]
    public async Task Nothing_is_kept_of_another_job_or_when_it_is_off(bool enabled, int exitCode, string status)
    {
        if (enabled)
        {
            Enable();
        }

        await RunJobAsync(exitCode, status);

        Directory.Exists(_bench.PathOf("state/kept-scripts")).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_oldest_go_when_there_are_too_many()
    {
        Enable("for: 1h, max: 2");
        Keep("abc-1-ffffff", id: 1, minutesAgo: 3);
        Keep("abc-2-ffffff", id: 2, minutesAgo: 2);

        var key = await RunJobAsync(exitCode: 7, "failed");

        Kept().Should().BeEquivalentTo(key, "abc-2-ffffff");
    }

    [Fact(Timeout = 60_000)]
    public async Task Gc_removes_what_has_been_kept_long_enough_and_what_is_damaged_and_all_when_it_is_off()
    {
        Enable();
        Keep("abc-1-ffffff", id: 1, minutesAgo: 90);
        Keep("abc-2-ffffff", id: 2, minutesAgo: 10);
        _bench.Write("state/kept-scripts/abc-3-ffffff/kept.json", "{").Write("state/kept-scripts/not-ours", "");

        await _bench.RunAsync("gc", "--dry-run");
        Kept().Should().HaveCount(3);
        var collected = await _bench.RunAsync("gc");

        collected.Error.Should().Contain("The kept scripts of 2 jobs were removed: abc-1-ffffff, abc-3-ffffff");
        Kept().Should().Equal("abc-2-ffffff");
        Configure("");
        await _bench.RunAsync("gc");
        Kept().Should().BeEmpty();
        File.Exists(_bench.PathOf("state/kept-scripts/not-ours")).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_a_job_those_that_can_be_replayed_are_listed()
    {
        Enable();
        Keep("abc-1-ffffff", id: 1, minutesAgo: 1);

        var table = await _bench.RunAsync("replay");
        table.ExitCode.Should().Be(0, table.ToString());
        table.Output.Should().MatchRegex(@"abc-1-ffffff +1 +unit +group/project +small \(3\) +build_script \(exit code 7\)");
        using var json = JsonDocument.Parse((await _bench.RunAsync("replay", "--json")).Output);
        json.RootElement.GetProperty("kept")[0].GetProperty("job").GetString().Should().Be("abc-1-ffffff");
    }

    [Fact(Timeout = 60_000)]
    public async Task Where_nothing_is_kept_the_option_is_named()
    {
        var list = await _bench.RunAsync("replay");
        list.Output.Should().Be("nothing\n");
        list.Error.Should().Contain("keep_scripts: {for: 24h}").And.Contain(_bench.PathOf("vm-executor.yaml"));

        (await _bench.RunAsync("replay", "4711")).ShouldFail(StageBench.SystemFailure, "VMX1950", "'4711'", "keep_scripts: {for: 24h}");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_is_meant_by_key_domain_or_id_and_an_id_of_two_jobs_is_refused()
    {
        Enable();
        Keep("abc-1-ffffff", id: 1, minutesAgo: 1, image: "nope");
        Keep("abc-2-ffffff", id: 2, minutesAgo: 1, image: "nope");
        Keep("xyz-2-ffffff", id: 2, minutesAgo: 1, image: "nope");

        foreach (var meant in new[] { "abc-1-ffffff", "vmx-abc-1-ffffff", "1" })
        {
            (await _bench.RunAsync("replay", meant)).ShouldFail(1, "VMX1010", "there is no image 'nope'", "Replay of job abc-1-ffffff failed");
        }

        (await _bench.RunAsync("replay", "2")).ShouldFail(StageBench.SystemFailure, "VMX1950", "several jobs", "abc-2-ffffff", "xyz-2-ffffff");
        (await _bench.RunAsync("replay", "3")).ShouldFail(StageBench.SystemFailure, "VMX1950", "abc-1-ffffff");
        (await _bench.RunAsync("replay", "1", "--from", "nope")).ShouldFail(StageBench.SystemFailure, "VMX1901", "build_script");
        (await _bench.RunAsync("replay", "1", "--image", "neither")).ShouldFail(1, "VMX1010", "there is no image 'neither'");
    }

    /// <summary>As if prepare had been: run finds no guest there, cleanup what a script has left.</summary>
    private async Task<string> RunJobAsync(int exitCode, string status)
    {
        var answer = await _bench.RunAsync("config");
        var key = JsonDocument.Parse(answer.Output).RootElement.GetProperty("hostname").GetString()!["vmx-".Length..];
        var record = new JobRecord
        {
            Stamp = new OwnershipStamp
            {
                Key = key,
                Project = "group/project",
                Image = "small",
                Runner = new RunnerProcess(1, 1),
                StateDir = _bench.PathOf("state"),
                Made = new HostMoment("host", "boot", "processes", TimeSpan.Zero),
                TemporaryDirectory = null,
                Created = DateTimeOffset.UtcNow,
                Expires = DateTimeOffset.UtcNow.AddHours(1),
            },
            Domain = $"vmx-{key}",
            LibvirtUri = "test:///default",
            Shell = "bash",
        };
        _bench.Write($"state/jobs/{key}/job.json", record.ToJson()).Write("script", "the script\n");
        await _bench.RunAsync("run", _bench.PathOf("script"), "build_script");

        // What run would have noted with a guest.
        _bench.Write($"state/jobs/{key}/scripts.jsonl", new ScriptRecord("build_script", 1, exitCode, null).ToLine());
        _bench.Environment["CUSTOM_ENV_CI_JOB_STATUS"] = status;
        _bench.Environment["CUSTOM_ENV_CI_JOB_NAME"] = "unit";
        _bench.Environment["CUSTOM_ENV_CI_PROJECT_DIR"] = "/builds/group/project";
        var cleanup = await _bench.RunAsync("cleanup");
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        cleanup.Error.Should().BeEmpty("the runner logs it as a warning");
        return key;
    }

    private void Keep(string key, long id, int minutesAgo, string image = "small")
    {
        var kept = new KeptJob
        {
            Key = key,
            JobId = id,
            Name = "unit",
            Project = "group/project",
            Image = image,
            Generation = 3,
            Kept = DateTimeOffset.UtcNow.AddMinutes(-minutesAgo),
            Expires = DateTimeOffset.UtcNow.AddMinutes(60 - minutesAgo),
            Scripts = [new KeptScript("build_script", "001-build_script", 7, null)],
        };
        _bench.Write($"state/kept-scripts/{key}/kept.json", kept.ToJson()).Write($"state/kept-scripts/{key}/001-build_script", "false\n");
    }

    private IEnumerable<string> Kept() => Directory.GetDirectories(_bench.PathOf("state/kept-scripts")).Select(path => Path.GetFileName(path)!);

    private UnixFileMode Mode(string name) => File.GetUnixFileMode(_bench.PathOf(name));

    private void Enable(string settings = "for: 1h") => Configure($"keep_scripts: {{{settings}}}\n");

    private void Configure(string further) =>
        _bench.Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\ndefault_image: small\nlibvirt:\n  uri: test:///default\n{further}");
}
