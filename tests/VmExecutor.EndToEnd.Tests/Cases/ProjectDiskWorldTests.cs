using System.Globalization;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Projects' disks as they are used for long, by many, and by those who mean harm.</summary>
[AlwaysCold("its machine has one more port than that of the tests' template")]
public sealed class ProjectDiskWorldTests(TestMachine machine) : BenchTest(machine)
{
    private const int Never = int.MaxValue;

    /// <summary>
    /// Looks through the raw bytes of all disks of the guest, not through its caches. Zeros become ends of lines, since grep keeps a whole line in memory. The canary is put together in the guest, so
    /// that the text itself does not have it.
    /// </summary>
    private const string Look =
        "sync; echo 3 >/proc/sys/vm/drop_caches; echo \"canaries on the disks: $(cat /dev/vd* | tr -s '\\0' '\\n' | grep -a -F -m 1 -c \"$(printf 'canary-%s' of-43)\")\"";

    /// <summary>Does with tar what gitlab-runner does with archives of its own.</summary>
    private const string Archiver =
        """
        #!/bin/sh
        command=$1
        while [ $# -gt 0 ]; do
          case $1 in
            --file) file=$2 ;;
            --path) path=$2 ;;
          esac
          shift
        done
        case $command in
          cache-extractor) [ -f "$file" ] && tar -xf "$file" ;;
          cache-archiver) mkdir -p "$(dirname "$file")" && tar -cf "$file" "$path" ;;
        esac
        """;

    [Fact(Explicit = true, Timeout = 1_800_000)]
    public async Task A_repository_of_200_MB_is_cloned_once_and_then_fetched_and_a_cache_is_found()
    {
        var directory = Bench.MakeDirectory("git");
        await using var git = await GitServer.StartAsync(directory, new Dictionary<string, string> { ["README"] = "here\n" });

        // Many files: git would want one large file's size in memory, which a small guest does not have.
        await HostCommand.OutputAsync("sh", "-c", $"cd {directory}/project; for n in $(seq 200); do head -c 1000000 /dev/urandom >large-$n; done; git add --all; git -c user.name=test -c user.email=test@example.com commit -q -m Large");
        var sha = (await HostCommand.OutputAsync("git", "-C", Path.Combine(directory, "project"), "rev-parse", "HEAD")).Trim();
        var tool = Bench.WriteProgram(Bench.MakeDirectory("tools"), "gitlab-runner", Archiver);
        Write("project_disk: {size: 2GiB}", $"tools: ['{tool}']");

        var first = await RunAsync(1, git.Source with { Sha = sha });
        var second = await RunAsync(2, git.Source with { Sha = sha });
        var other = await RunAsync(3, git.Source with { Sha = sha }, project: 43);

        first.TraceText.Should().Contain("Initialized empty Git repository").And.Contain("cached: none");
        second.TraceText.Should().Contain("Reinitialized existing Git repository").And.Contain("cached: by job 1");
        other.TraceText.Should().Contain("Initialized empty Git repository").And.Contain("cached: none");
        TestContext.Current.TestOutputHelper!.WriteLine($"get_sources: {Seconds(0):0.0} s for a clone, {Seconds(1):0.0} s for a fetch; the ledger: {string.Join('\n', Ledger())}");

        Task<JobResult> RunAsync(int id, GitSource source, int project = 42) => RunJobAsync(new SimulatedJob
        {
            Id = id,
            ProjectId = project,
            ProjectPath = $"group/p{project}",
            Git = source,
            HasCache = true,
            Script = ["echo \"cached: $(cat cached/by 2>/dev/null || echo none)\"", "mkdir -p cached", $"echo 'by job {id}' >cached/by", "test $(ls large-* | wc -l) = 200"],
        });

        double Seconds(int line) => JsonDocument.Parse(Ledger()[line]).RootElement.GetProperty("scripts").EnumerateArray()
            .Single(script => script.GetProperty("sub_stage").GetString() == "get_sources").GetProperty("seconds").GetDouble();
    }

    [Fact(Explicit = true, Timeout = 1_800_000)]
    public async Task Ten_jobs_of_a_project_at_once_have_each_their_own_disk_and_the_last_one_wins()
    {
        Write("project_disk: {size: 256MiB}");
        await RunJobAsync(new SimulatedJob { Id = 100, Script = ["echo 100 >/builds/a; echo 100 >/builds/b"] });

        var results = await Task.WhenAll(Enumerable.Range(101, 10).Select(id => RunJobAsync(new SimulatedJob
        {
            Id = id,
            Script = [$"cat /builds/a /builds/b; echo {id} >/builds/a; sleep 5; echo {id} >/builds/b; cat /builds/a /builds/b"],
        })));
        var after = await RunJobAsync(new SimulatedJob { Id = 111, Script = ["echo \"pair $(cat /builds/a)=$(cat /builds/b)\""] });

        results.Should().OnlyContain(result => result.State == JobState.Success);
        foreach (var (result, id) in results.Zip(Enumerable.Range(101, 10)))
        {
            result.TraceText.Should().MatchRegex($@"(?m)^{id}\n{id}$");
        }

        after.TraceText.Should().MatchRegex(@"pair (10[1-9]|110)=\1\n");
        var disks = Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "disks"));
        disks.Should().ContainSingle();
        Directory.GetFiles(disks[0], "*.qcow2").Should().HaveCountLessThanOrEqualTo(2);
    }

    [Fact(Explicit = true, Timeout = 3_600_000)]
    public async Task A_cleanup_that_is_killed_before_any_change_of_the_disk_leaves_the_old_version_or_the_new_one()
    {
        Write("project_disk: {size: 256MiB}");
        var killer = await ChangeKiller.MakeAsync(Bench.MakeDirectory("killer"), Bench.StateDirectory);
        await RunOneAsync(killer, 1, Never);
        await RunOneAsync(killer, 2, Never);
        var changes = killer.Changes().Select((change, at) => (change, at)).Where(one => one.change.Contains("/disks/", StringComparison.Ordinal) || one.change.Contains("project-disk", StringComparison.Ordinal)).ToList();
        changes.Should().HaveCountGreaterThan(3);

        var id = 3;
        string[] possible = ["2"];
        foreach (var (change, at) in changes)
        {
            var seen = await RunOneAsync(killer, id, at);
            possible.Should().Contain(seen, "before {0}", change);
            possible = [seen, id.ToString(CultureInfo.InvariantCulture)];
            id++;
            (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);
        }

        possible.Should().Contain(await RunOneAsync(killer, id, Never));
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Explicit = true, Timeout = 1_800_000)]
    public async Task Warm_and_standby_clones_get_the_disk_too()
    {
        Bench.With(new ImageYaml { User = "root", IsWarm = true, WarmLimit = "120s", Further = ["project_disk: {size: 256MiB}", "standby: {count: 1, max_age: 1h}"] });
        var published = await Bench.CommandAsync(["image", "publish", "small", "--warm"], TimeSpan.FromMinutes(4));
        published.ExitCode.Should().Be(0, published.ToString());
        var warm = await RunJobAsync(new SimulatedJob { Id = 1, Script = ["echo warm >/builds/left"] });
        (await Eventually.AskAsync(() => Bench.CommandAsync("standby", "fill"), filled => filled.ExitCode == 0, TimeSpan.FromMinutes(3))).ExitCode.Should().Be(0);
        var standby = await RunJobAsync(new SimulatedJob { Id = 2, Script = ["cat /builds/left"] });

        warm.TraceText.Should().MatchRegex(@"Ready after [\d.]+ s, warm").And.Contain("project disk: new and empty, read and write");
        standby.TraceText.Should().Contain("Took VM ").And.Contain("project disk: version 1 of ").And.Contain("\nwarm\n");
        Bench.With(new ImageYaml { User = "root", IsWarm = true, Further = ["project_disk: {size: 256MiB}"] });
        (await Bench.CommandAsync("standby", "drain")).ExitCode.Should().Be(0);
    }

    [Fact(Explicit = true, Timeout = 1_800_000)]
    public async Task A_hostile_guest_hurts_only_its_own_projects_next_version()
    {
        Write("project_disk: {size: 256MiB}");
        await RunJobAsync(new SimulatedJob { Id = 1, ProjectId = 43, ProjectPath = "group/other", Script = ["printf 'canary-%s\\n' of-43 >/builds/secret"] });
        var planted = await RunJobAsync(new SimulatedJob
        {
            Id = 2,
            Script = ["cp /bin/busybox /builds/suid && chmod 4755 /builds/suid && chown root /builds/suid; mknod /builds/device b 254 0; ln -s /etc/shadow /builds/link; head -c 1000000000 /dev/zero >/cache/full || true"],
        });
        var found = await RunJobAsync(new SimulatedJob
        {
            Id = 3,
            Script = ["grep ' /builds ' /proc/mounts", "head -c 1 /builds/device >/dev/null 2>&1 && echo device-read || echo device-refused", Look, "rm /cache/full /builds/*"],
        });
        var damage = await RunJobAsync(new SimulatedJob
        {
            Id = 4,
            Script = ["disk=$(grep ' /builds ' /proc/mounts | cut -d' ' -f1); sync; dd if=/dev/zero of=$disk bs=4096 seek=1 count=2000 conv=notrunc oflag=direct 2>/dev/null; echo damaged"],
        });
        var next = await RunJobAsync(new SimulatedJob { Id = 5, Script = ["echo here"] });
        var last = await RunJobAsync(new SimulatedJob { Id = 6, Script = ["ls -A /builds"] });
        var other = await RunJobAsync(new SimulatedJob { Id = 7, ProjectId = 43, ProjectPath = "group/other", Script = ["cat /builds/secret", Look] });

        planted.State.Should().Be(JobState.Success, planted.ToString());
        found.TraceText.Should().Contain("project disk: version 1").And.MatchRegex(@" /builds ext4 rw,nosuid,nodev").And.Contain("device-refused").And.Contain("canaries on the disks: 0\n");
        damage.TraceText.Should().Contain("damaged\n");
        next.State.Should().Be(JobState.Success, next.ToString());
        last.State.Should().Be(JobState.Success, last.ToString());
        other.TraceText.Should().Contain("canary-of-43").And.Contain("canaries on the disks: 1\n", "the look finds one that is there");
        (await CanariesAsync(42)).Should().Be(0);
        (await CanariesAsync(43)).Should().BePositive("the look finds one that is there");
        TestContext.Current.TestOutputHelper!.WriteLine(string.Join('\n', Ledger()));
        TestContext.Current.TestOutputHelper!.WriteLine(next.TraceText);
    }

    /// <summary>Runs a job whose cleanup is killed; it writes its number into two files, and tells the number that it found in both.</summary>
    private async Task<string> RunOneAsync(ChangeKiller killer, int id, int at)
    {
        var session = Bench.Open(new SimulatedJob { Id = id, Image = "small", IsProtected = true }, options => options with { Environment = options.Environment.Concat(killer.Variables("cleanup", at)).ToDictionary() });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        var run = await session.RunAsync(SubStages.BuildScript, $"echo \"pair $(cat /builds/a 2>/dev/null)=$(cat /builds/b 2>/dev/null)\"; echo {id} >/builds/a; echo {id} >/builds/b");
        run.ShouldSucceed();
        session.SetStatus("success");
        await session.CleanupAsync();
        session.Dispose();
        var pair = run.OutputText.Split('\n').Single(line => line.StartsWith("pair ", StringComparison.Ordinal))["pair ".Length..].Split('=');
        pair[0].Should().Be(pair[1]);
        return pair[0];
    }

    /// <summary>The number of a project's files on the host in whose bytes the canary is. Guests and qemu-img pack nothing there.</summary>
    private async Task<int> CanariesAsync(int project)
    {
        var found = 0;
        foreach (var folder in Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "disks"), $"*{project}-*"))
        {
            foreach (var file in Directory.GetFiles(folder, "v*.qcow2"))
            {
                found += (await HostCommand.TryAsync("grep", "-a", "-q", "-F", "canary-of-43", file)).ExitCode == 0 ? 1 : 0;
            }
        }

        return found;
    }

    private void Write(params string[] further) => Bench.With(new ImageYaml { User = "root", Further = further });

    private Task<JobResult> RunJobAsync(SimulatedJob job) => Bench.RunJobAsync(job with { Image = "small", IsProtected = true });

    private string[] Ledger() => File.ReadAllLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl"));
}
