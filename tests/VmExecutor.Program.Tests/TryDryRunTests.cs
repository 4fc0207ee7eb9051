using System.Diagnostics;
using System.Text.Json;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary><c>try --dry-run</c>: it says what the trial would do, fails where the trial fails, and leaves the machine as it was.</summary>
public sealed class TryDryRunTests : IDisposable
{
    private const string Secret = "hunter2-$CI_JOB_STAGE-it's";

    private readonly StageBench _bench = new();

    public TryDryRunTests()
    {
        File.Delete(_bench.PathOf("base.qcow2"));
        Run("qemu-img", "create", "-q", "-f", "qcow2", "base.qcow2", "3G");

        // Whatever the program runs is found here, leaves a line and does its work.
        foreach (var tool in new[] { "git", "qemu-img" })
        {
            _bench.WriteProgram($"bin/{tool}", $"#!/bin/sh\necho \"{tool} $*\" >> \"$0.calls\"\nexec /usr/bin/{tool} \"$@\"\n");
        }

        _bench.Environment["PATH"] = _bench.PathOf("bin");
    }

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task The_VM_and_the_scripts_of_a_command_are_told_and_nothing_is_made_or_started()
    {
        var before = Listing();

        var exit = await _bench.RunAsync("try", "small", "--dry-run", "--", "make", "all of it");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().StartWith("Nothing was started, made or written.")
            .And.MatchRegex($"image +'small' \\({_bench.PathOf("images/small.yaml")}\\), by its name\n")
            .And.MatchRegex($"source +{_bench.PathOf("base.qcow2")} itself, since the image was never published\n")
            .And.MatchRegex("VM +1 CPU, 1GiB memory, 3GiB disk; ")
            .And.MatchRegex("machine +[0-9]+ parts of the source are kept, [0-9]+ are made the clone's own.*: vm-executor image explain small\n")
            .And.MatchRegex("start +cold: the image was never published")
            .And.MatchRegex("network +user mode")
            .And.Contain("--- build_script\n    cd '/builds/vm-executor/try'\n    'make' 'all of it'\n");
        exit.Output.IndexOf("--- prepare_script", StringComparison.Ordinal).Should().BePositive()
            .And.BeLessThan(exit.Output.IndexOf("--- get_sources", StringComparison.Ordinal));
        Listing().Should().Equal(before);
        File.Exists(_bench.PathOf("bin/git.calls")).Should().BeFalse("no repository is concerned");
        Calls("qemu-img").Should().ContainSingle().Which.Should().StartWith("qemu-img info ");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_of_a_file_is_told_with_its_variables_scripts_and_artifacts()
    {
        _bench.Write("images/small.yaml", File.ReadAllText(_bench.PathOf("images/small.yaml")) + "patterns: ['registry/*']\n");
        Write("""
            variables: {A: file, B: '$A and $GIVEN'}
            test:
              image: registry/$A
              before_script: [echo first]
              script: [make $B]
              after_script: [echo last]
              timeout: 10 minutes
              variables: {VM_CPUS: 1}
              artifacts: {paths: [out/, '*.log'], exclude: [out/tmp], when: always}
              cache: {paths: [.cache]}
            """);
        Commit();
        var before = Listing();

        var exit = await TryAsync("--variable", "GIVEN=by option", "--artifacts", "/nonexistent/there");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().ContainAll(
            "whose pattern 'registry/*' matches 'registry/file'", "ended after 10m", "    B=file and by option\n", "    GIVEN=by option\n", "    CI_PROJECT_DIR=/builds/local/repo\n", "    CI_JOB_NAME=test\n",
            "out/, *.log without out/tmp to /nonexistent/there in any case", $"HEAD of {_bench.PathOf("repo")} (", "the first one), in /builds/local/repo");
        exit.Output.Should().MatchRegex("(?s)--- prepare_script.*--- get_sources\n.*git clone.*--- build_script\n.*echo first\n.*make \\$B\n.*--- after_script\n.*echo last\n.*--- cleanup_file_variables\n");
        exit.Error.Should().Contain("cache").And.Contain("no cache is restored");
        Listing().Should().Equal(before);
        Calls("git").Should().OnlyContain(call => !call.Contains(" bundle ", StringComparison.Ordinal));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("DB_PASSWORD")]
    [InlineData("deploy_token")]
    [InlineData("AWS_SECRET_ACCESS_KEY")]
    [InlineData("SSH_KEY")]
    [InlineData("PGPASSWORD")]
    public async Task A_secret_of_the_command_line_is_in_no_text_wherever_the_job_puts_it(string name)
    {
        Write($"test:\n  image: small\n  script: [x]\n  variables: {{COPY: 'a-${name}-b', DEEP: $COPY, GIT_CLONE_PATH: '$CI_BUILDS_DIR/${name}', GIT_LFS_SKIP_SMUDGE: ${name}, GIT_DEPTH: ${name}}}\n");
        Commit();

        foreach (var format in new[] { Array.Empty<string>(), ["--json"] })
        {
            var exit = await TryAsync(["--variable", $"{name}={Secret}", "--variable", "PLAIN=visible", .. format]);

            exit.ExitCode.Should().Be(0, exit.ToString());
            (exit.Output + exit.Error).Should().NotContainAny("hunter2", "it's", "it\\u0027s").And.ContainAll(name, "[hidden]", "visible", "a-[hidden]-b");
        }
    }

    [Theory(Timeout = 60_000)]
    [InlineData("CONFIG=-----BEGIN OPENSSH PRIVATE KEY-----")]
    [InlineData("KUBE=apiVersion: v1\nhunter2")]
    [InlineData("X=glpat-hunter2hunter2hunter2")]
    [InlineData("ADDRESS=https://me:hunter2@example.com/")]
    public async Task A_value_that_looks_like_a_secret_or_a_file_is_hidden_whatever_its_name(string variable)
    {
        Write("test: {image: small, script: [x]}\n");

        var exit = await TryAsync("--variable", variable, "--json");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().NotContainAny("hunter2", "OPENSSH").And.Contain("[hidden]");
    }

    [Fact(Timeout = 60_000)]
    public async Task JSON_has_the_scripts_as_they_would_be_sent_and_bash_can_read_them()
    {
        Write("test: {image: small, script: [\"printf '%s' \\\"$A\\\"\"], variables: {A: \"it's\"}, rules: [{if: $X}]}\n");

        var exit = await TryAsync("--json");

        exit.ExitCode.Should().Be(0, exit.ToString());
        using var json = JsonDocument.Parse(exit.Output);
        var root = json.RootElement;
        root.GetProperty("image").GetProperty("chosen_by").GetString().Should().Be("name");
        root.GetProperty("source").GetProperty("generation").ValueKind.Should().Be(JsonValueKind.Null);
        root.GetProperty("start").GetProperty("kind").GetString().Should().Be("cold");
        root.GetProperty("sizes").GetProperty("disk_bytes").GetInt64().Should().Be(3L << 30);
        root.GetProperty("network").GetProperty("mode").GetString().Should().Be("user");
        root.GetProperty("parts").GetProperty("refused").GetInt32().Should().Be(0);
        root.GetProperty("artifacts").ValueKind.Should().Be(JsonValueKind.Null);
        root.GetProperty("warnings").EnumerateArray().Should().Contain(warning => warning.GetString()!.Contains("rules: are not evaluated", StringComparison.Ordinal));
        root.GetProperty("variables").EnumerateArray().Single(one => one.GetProperty("name").GetString() == "A").GetProperty("value").GetString().Should().Be("it's");
        var scripts = root.GetProperty("scripts").EnumerateArray().ToDictionary(script => script.GetProperty("sub_stage").GetString()!, script => script.GetProperty("sent").GetString()!);
        scripts.Keys.Should().Equal("prepare_script", "get_sources", "build_script", "cleanup_file_variables");
        var sent = scripts["build_script"].Replace("/builds/", _bench.PathOf("builds/"), StringComparison.Ordinal);
        Directory.CreateDirectory(_bench.PathOf("builds/vm-executor/try"));
        _bench.Write("sent", sent);
        Run("bash", "sent").Should().EndWith("it's");
    }

    [Theory(Timeout = 120_000)]
    [InlineData("test: {image: nope, script: [x]}")]
    [InlineData("test: {image: small, script: [x], variables: {VM_CPUS: 99}}")]
    [InlineData("test: {image: small, script: [x], variables: {VM_MEMORY: lots}}")]
    [InlineData("test: {image: small, script: [x], variables: {GIT_STRATEGY: clon}}")]
    [InlineData("test: {image: gone, script: [x]}")]
    [InlineData("test: {image: unpublished, script: [x]}")]
    [InlineData("test: {image: nodomain, script: [x]}")]
    [InlineData("test: {image: running, script: [x]}")]
    [InlineData("test: {image: damaged, script: [x]}")]
    [InlineData("test: {image: vast, script: [x]}")]
    [InlineData("test: {image: broken, script: [x]}")]
    [InlineData("test: {image: small, scirpt: [x]}")]
    [InlineData("other: {image: small, script: [x]}")]
    public async Task A_job_that_would_not_run_fails_as_the_trial_does(string yaml)
    {
        WriteImage("gone", $"source: file\nfile: {_bench.PathOf("gone.qcow2")}");
        WriteImage("unpublished", "source: url\nurl: https://example.com/x.qcow2\nchecksum: sha256:" + new string('a', 64));
        WriteImage("nodomain", "source: domain\ndomain: nonesuch");
        WriteImage("running", "source: domain\ndomain: test");
        WriteImage("damaged", $"source: file\nfile: {_bench.PathOf("base.qcow2")}");
        WriteImage("vast", $"source: file\nfile: {_bench.PathOf("base.qcow2")}\nmemory: 900000GiB");
        WriteImage("broken", $"source: file\nformat: qcow2\nfile: {_bench.PathOf("broken.qcow2")}");
        _bench.Write("broken.qcow2", "no disk at all").Write("state/images/damaged/current", "nonsense");
        Write(yaml + "\n");
        var before = Listing();

        var dry = await TryAsync();

        Listing().Should().Equal(before);
        var real = await RealAsync();
        Failure(real).Should().NotBeEmpty(real.ToString());
        Failure(dry).Should().Equal(Failure(real), "dry: {0}\nreal: {1}", dry, real);
        dry.ExitCode.Should().Be(real.ExitCode);
        dry.Output.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Services_are_told_as_containers_or_as_VMs_with_their_sizes()
    {
        WriteImage("db", $"source: file\nfile: {_bench.PathOf("base.qcow2")}\nmemory: 512MiB\ncpus: 2\npatterns: ['legacy-*:*']\nservice: {{ports: [5432]}}");
        Write("test: {image: small, script: [x], variables: {WHICH: legacy-db}, services: [{name: '$WHICH:9', alias: sql}, 'redis:7']}\n");
        var before = Listing();

        var text = await TryAsync();
        var json = await TryAsync("--json");
        var words = await _bench.RunAsync("try", "small", "--dry-run", "--service", "db,sql", "--service", "postgres");

        text.Output.Should().MatchRegex(@"service +legacy-db:9 \(sql, legacy-db\): a VM of its own, of image 'db' \(.*base\.qcow2 itself, since the image was never published\), 2 CPUs, 512MiB memory, 3GiB disk; cold: ")
            .And.MatchRegex(@"service +redis:7 \(redis\): a container in the VM, by podman or docker\n");
        words.Output.Should().MatchRegex(@"service +db \(sql, db\): a VM of its own, of image 'db'").And.MatchRegex(@"service +postgres \(postgres\): a container");
        using var document = JsonDocument.Parse(json.Output);
        var services = document.RootElement.GetProperty("services").EnumerateArray().ToList();
        services.Select(service => service.GetProperty("kind").GetString()).Should().Equal("vm", "container");
        services[0].GetProperty("image").GetString().Should().Be("db");
        services[0].GetProperty("sizes").GetProperty("memory_bytes").GetInt64().Should().Be(512L << 20);
        services[0].GetProperty("names").EnumerateArray().Select(name => name.GetString()).Should().Equal("sql", "legacy-db");
        Listing().Should().Equal(before);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("[{name: db, alias: one}, {name: 'redis:7', alias: one}]", "VMX1430")]
    [InlineData("[closed]", "VMX1012")]
    [InlineData("[vast]", "VMX1511")]
    [InlineData("[db, db]", "VMX1511")]
    public async Task Services_that_cannot_be_fail_a_dry_run_as_the_trial(string services, string code)
    {
        // As a trial gives them to its stages.
        (_bench.Environment["BUILD_FAILURE_EXIT_CODE"], _bench.Environment["SYSTEM_FAILURE_EXIT_CODE"]) = ("1", "2");
        File.AppendAllText(_bench.PathOf("vm-executor.yaml"), "limits: {max_vms: 2}\n");
        var file = $"source: file\nfile: {_bench.PathOf("base.qcow2")}\nservice: {{ports: [5432]}}\n";
        WriteImage("db", file);
        WriteImage("closed", file + "allow: {projects: [other/**]}");
        WriteImage("vast", file + "memory: 900000GiB");
        Write($"test: {{image: small, script: [x], services: {services}}}\n");

        var dry = await TryAsync();
        var real = await RealAsync();

        Failure(real).Should().NotBeEmpty(real.ToString());
        Failure(dry).Should().Equal(Failure(real), "dry: {0}\nreal: {1}", dry, real);
        Failure(dry)[0].Should().Contain(code);
        dry.ExitCode.Should().Be(real.ExitCode);
    }

    [Fact(Timeout = 60_000)]
    public async Task It_works_where_the_state_directory_can_neither_be_made_nor_written()
    {
        _bench.Write("vm-executor.yaml", "state_dir: /proc/self/vm-executor-state\nimages_dir: images\nlibvirt:\n  uri: qemu+unix:///system?socket=/nonexistent/sock\n");

        var exit = await _bench.RunAsync("try", "small", "--dry-run");

        exit.ExitCode.Should().Be(0, "an image of a file needs no libvirt: {0}", exit);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_published_image_is_told_by_its_generation_without_libvirt()
    {
        _bench.Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\nlibvirt:\n  uri: qemu+unix:///system?socket=/nonexistent/sock\n");
        _bench.Publish("small", 3);
        var before = Listing();

        var off = await _bench.RunAsync("try", "small", "--dry-run");
        File.AppendAllText(_bench.PathOf("images/small.yaml"), "warm: {enabled: true}\n");
        var none = await _bench.RunAsync("try", "small", "--dry-run", "--json");

        off.ExitCode.Should().Be(0, off.ToString());
        off.Output.Should().MatchRegex("source +generation 3, published 2026-11-20 \\(of file base.qcow2\\)").And.MatchRegex("start +cold: 'warm' is off");
        none.Output.Should().Contain("has no template for its current generation: run \\u0027vm-executor image warm small\\u0027").And.Contain("\"generation\": 3");
        Listing().Should().Equal(before);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_source_domain_that_runs_is_not_shut_down()
    {
        // libvirt's test driver has the domains of such a file, and they run.
        _bench.Write("host.xml", $"""
            <node><domain type='test'><name>web</name><memory unit='MiB'>256</memory><vcpu>3</vcpu><os><type arch='x86_64'>hvm</type></os>
            <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{_bench.PathOf("base.qcow2")}'/><target dev='vda' bus='virtio'/></disk></devices></domain></node>
            """);
        _bench.Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\nlibvirt:\n  uri: test://{_bench.PathOf("host.xml")}\n");
        WriteImage("running", "source: domain\ndomain: web\nallow_shutdown: true");

        var exit = await _bench.RunAsync("try", "running", "--dry-run");

        exit.Error.Should().Contain("source domain 'web' is running: it would be asked to shut down");
        exit.Output.Should().MatchRegex("VM +3 CPUs, 256MiB memory, 3GiB disk; ").And.MatchRegex("source +source domain 'web' itself");
        exit.ExitCode.Should().Be(0, exit.ToString());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_daemon_of_the_users_session_is_not_started_for_a_look()
    {
        _bench.Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\nlibvirt:\n  uri: qemu:///session\n");
        _bench.Environment["XDG_RUNTIME_DIR"] = _bench.PathOf("run");
        Directory.CreateDirectory(_bench.PathOf("run"));
        WriteImage("own", "source: domain\ndomain: web");
        var before = Listing();

        var exit = await _bench.RunAsync("try", "own", "--dry-run");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Error.Should().Contain("source domain 'web' was not looked at: no daemon runs for qemu:///session");
        Listing().Should().Equal(before);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_repository_is_only_read()
    {
        _bench.Write("repo/a", "1");
        Commit();
        File.SetLastWriteTimeUtc(_bench.PathOf("repo/a"), DateTime.UtcNow.AddHours(-1));
        var before = Listing();

        var exit = await _bench.RunAsync("try", "small", "--dry-run", "--repo", _bench.PathOf("repo"), "--worktree");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().Contain($"{_bench.PathOf("repo")} with what is not committed (");
        Listing().Should().Equal(before);
        (await _bench.RunAsync("try", "small", "--dry-run", "--repo", _bench.PathOf("images"))).ShouldFail(StageBench.SystemFailure, "VMX1501", $"no bundle could be made of {_bench.PathOf("images")}");
    }

    [Fact(Timeout = 60_000)]
    public async Task JSON_without_a_dry_run_is_refused() =>
        (await _bench.RunAsync("try", "small", "--json")).ShouldFail(StageBench.SystemFailure, "VMX1901", "--json goes with --dry-run");

    private void Write(string yaml) => _bench.Write("repo/.gitlab-ci.yml", yaml);

    private void WriteImage(string name, string source) =>
        _bench.Write($"images/{name}.yaml", $"{source}\nssh:\n  user: ci\n  key: {_bench.PathOf("key")}\n");

    private Task<ProgramExit> TryAsync(params string[] arguments) => RealAsync(["--dry-run", .. arguments]);

    private Task<ProgramExit> RealAsync(params string[] arguments) =>
        _bench.RunAsync(["try", "--gitlab-ci", _bench.PathOf("repo/.gitlab-ci.yml"), "--job", "test", .. arguments]);

    /// <summary>The failure and its hint; the names of a job and of its VM are each trial's own.</summary>
    private static List<string> Failure(ProgramExit exit) =>
    [
        .. (exit.Output + exit.Error).Split('\n').Where(line => line.StartsWith("ERROR ", StringComparison.Ordinal) || line.StartsWith("What to do: ", StringComparison.Ordinal))
            .Select(line => System.Text.RegularExpressions.Regex.Replace(line, "try-[0-9]+-[0-9a-f]{6}", "try-N")).Take(2),
    ];

    /// <summary>Each file and directory with its time and length; what is run leaves a line elsewhere.</summary>
    private List<string> Listing() =>
    [
        .. Directory.EnumerateFileSystemEntries(_bench.PathOf("."), "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.EndsWith("/bin", StringComparison.Ordinal) && !path.Contains("/images/", StringComparison.Ordinal))
            .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O} {(File.Exists(path) ? new FileInfo(path).Length : 0)}").Order(StringComparer.Ordinal),
    ];

    private string[] Calls(string tool) => File.ReadAllLines(_bench.PathOf($"bin/{tool}.calls"));

    private void Commit()
    {
        Run("git", "init", "--quiet", "repo");
        Run("git", "-C", "repo", "add", "--all");
        Run("git", "-C", "repo", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "-m", "the first one");
    }

    private string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo($"/usr/bin/{program}", arguments) { WorkingDirectory = _bench.PathOf("."), RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.Should().Be(0);
        return output;
    }
}
