using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Usage;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health.Runner;

public sealed class RunnerRulesTests
{
    private const string GoodTables = "[runners.custom_build_dir]\nenabled=true\n[runners.cache]\nType='s3'\n";
    private const string SettingsPath = "/etc/vm-executor/vm-executor.yaml";
    private static readonly AbsolutePath File = new("/etc/gitlab-runner/config.toml");
    private static readonly StageFile Fine = new(true, true, true);

    private static readonly RunnerEntry Good = new()
    {
        Name = "vm",
        Executor = "custom",
        BuildsDir = "/builds",
        CacheDir = "/cache",
        Custom = new CustomSection
        {
            Stages = [.. new[] { "config", "prepare", "run", "cleanup" }.Select(stage => new StageCommand(stage, $"/usr/lib/vm-executor/{stage}", ["--config", SettingsPath]))],
            ConfigTimeout = TimeSpan.FromSeconds(30),
            PrepareTimeout = TimeSpan.FromSeconds(2700),
            CleanupTimeout = TimeSpan.FromSeconds(180),
            GracefulKill = TimeSpan.FromSeconds(20),
        },
    };

    private static readonly RunnerToml Toml = new() { Concurrent = 4, ShutdownTimeout = TimeSpan.FromSeconds(220), Runners = [Good] };

    [Fact]
    public void A_runner_with_our_stages_is_found_among_others()
    {
        var docker = new RunnerEntry { Name = "docker", Executor = "docker" };
        var other = Good with { Name = "other", Custom = new CustomSection { Stages = [new StageCommand("run", "/opt/other/run", [])] } };

        var (ours, findings) = RunnerRules.FindOurs(Toml with { Runners = [docker, other, Good] }, File, stage => Fine with { IsOurs = stage.Exec!.Contains("vm-executor", StringComparison.Ordinal) });

        ours.Should().Equal(Good);
        findings.Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);
    }

    [Fact]
    public void No_runner_and_none_of_ours_are_problems()
    {
        RunnerRules.FindOurs(Toml with { Runners = [] }, File, _ => Fine).Findings.Should().ContainSingle().Which.Found.Should().Contain("has no [[runners]]");
        RunnerRules.FindOurs(Toml with { Runners = [Good with { Executor = "shell" }] }, File, _ => Fine).Findings.Should().ContainSingle()
            .Which.Should().Match<Finding>(finding => finding.Status == CheckStatus.Problem && finding.Fix!.StartsWith("executor = \"custom\""));
        RunnerRules.FindOurs(Toml, File, _ => new StageFile(true, true, false)).Ours.Should().BeEmpty("it is another driver's");
        RunnerRules.FindOurs(Toml, File, _ => new StageFile(false, false, false)).Ours.Should().Equal(Good);
    }

    [Fact]
    public void Stages_must_be_there_executable_ours_and_of_one_configuration()
    {
        Stages(Good, _ => Fine).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);
        Stages(Good, _ => new StageFile(false, false, false)).Should().ContainSingle().Which.Found.Should().Contain("/usr/lib/vm-executor/config (config_exec)").And.Contain("(cleanup_exec)");
        Stages(Good, stage => Fine with { IsExecutable = stage.Stage != "run" }).Should().ContainSingle().Which.Fix.Should().Be("chmod a+rx '/usr/lib/vm-executor/run'");
        Stages(Good, stage => Fine with { IsOurs = stage.Stage != "run" }).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Warning);
        Stages(With(custom => custom with { Stages = [.. custom.Stages.Select(stage => stage.Stage == "cleanup" ? stage with { Exec = null } : stage)] }), _ => Fine)
            .Should().ContainSingle().Which.Found.Should().Contain("has no cleanup_exec");
        Stages(With(custom => custom with { Stages = [.. custom.Stages.Select(stage => stage.Stage == "run" ? stage with { Arguments = [] } : stage)] }), _ => Fine)
            .Should().ContainSingle().Which.Found.Should().Contain("do not have the same --config");
        RunnerRules.DecideStages(Good, new AbsolutePath("/other.yaml"), _ => Fine).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Warning);
        Stages(Good with { Custom = null }, _ => Fine).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Problem);
    }

    [Fact]
    public void The_samples_timeouts_are_long_enough_for_the_defaults() =>
        Timeouts(Good, Image()).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);

    [Fact]
    public void Prepare_must_outlast_what_it_waits_for()
    {
        // 30 min for capacity, 3 min boot, 1 min ssh, 5 min cloud-init, 2 min for the rest.
        Prepare(2460).Should().BeNull();
        Prepare(2459)!.Found.Should().Contain("is 40m59s, and must be at least 41m: limits.wait_for_capacity 30m, the limits of image 'small' 9m");
        Prepare(2459)!.Fix.Should().Be("prepare_exec_timeout = 2460   # in [runners.custom]");
        Prepare(2460, Image() with { Warm = new WarmSettings { Enabled = true } })!.Fix.Should().StartWith("prepare_exec_timeout = 2490 ");
        Prepare(2460, Image() with { PrepareHook = new HookSettings(new AbsolutePath("/h")) })!.Fix.Should().StartWith("prepare_exec_timeout = 2760 ");
        Prepare(2460, Image() with { Source = new ImageSource.Domain("d") { AllowShutdown = true } })!.Fix.Should().StartWith("prepare_exec_timeout = 2640 ");
        Prepare(2160, Image() with { WaitForCloudInit = false }).Should().BeNull("nothing is waited for");

        static Finding? Prepare(int seconds, ImageDefinition? image = null) => Timeouts(With(custom => custom with { PrepareTimeout = TimeSpan.FromSeconds(seconds) }), image ?? Image())
            .FirstOrDefault(finding => finding.Status == CheckStatus.Problem);
    }

    [Fact]
    public void Limits_that_install_writes_before_there_is_an_image_fit_each_image_that_names_no_limit()
    {
        var (prepare, cleanup) = RunnerRules.NeededTimes(Settings());
        var runner = With(custom => custom with { PrepareTimeout = prepare, CleanupTimeout = TimeSpan.FromSeconds(Math.Max(180, cleanup.TotalSeconds)) });
        ImageDefinition[] images =
        [
            Image(), Image() with { Warm = new WarmSettings { Enabled = true } }, Image() with { Source = new ImageSource.Domain("d") { AllowShutdown = true } },
            Image() with { Source = new ImageSource.Domain("d") { AllowShutdown = true }, Warm = new WarmSettings { Enabled = true } },
        ];

        images.SelectMany(image => Timeouts(runner, image)).Should().OnlyContain(finding => finding.Status == CheckStatus.Ok);
    }

    [Fact]
    public void Cleanup_must_outlast_libvirt_and_the_grace_of_images_that_are_shut_down()
    {
        var graceful = Image() with { Stop = new StopSettings { Mode = StopMode.Shutdown, Grace = TimeSpan.FromMinutes(4) } };

        Timeouts(With(custom => custom with { CleanupTimeout = TimeSpan.FromSeconds(60) }), Image()).Should().Contain(finding => finding.Fix == "cleanup_exec_timeout = 90   # in [runners.custom]");
        Timeouts(Good, graceful).Should().Contain(finding => finding.Fix == "cleanup_exec_timeout = 330   # in [runners.custom]");
    }

    [Theory]
    [InlineData("config", 2, CheckStatus.Problem, "config_exec_timeout = 30")]
    [InlineData("kill", 1, CheckStatus.Problem, "graceful_kill_timeout = 20")]
    [InlineData("kill", 600, CheckStatus.Warning, "graceful_kill_timeout = 20")]
    [InlineData("shutdown", 30, CheckStatus.Warning, "shutdown_timeout = 220")]
    public void Other_timeouts_must_not_cut_off_or_block(string which, int seconds, CheckStatus status, string fix)
    {
        var limit = TimeSpan.FromSeconds(seconds);
        var runner = With(custom => which == "config" ? custom with { ConfigTimeout = limit } : which == "kill" ? custom with { GracefulKill = limit } : custom);

        var findings = RunnerRules.DecideTimeouts(which == "shutdown" ? Toml with { ShutdownTimeout = limit } : Toml with { ShutdownTimeout = TimeSpan.FromHours(1) }, runner, Settings(Image()));

        findings.Should().ContainSingle().Which.Should().Match<Finding>(finding => finding.Status == status && finding.Fix!.StartsWith(fix));
    }

    [Theory]
    [InlineData(4, 0, 4, CheckStatus.Ok)]
    [InlineData(8, 0, 4, CheckStatus.Warning)]
    [InlineData(8, 2, 4, CheckStatus.Ok)]
    [InlineData(4, 0, null, CheckStatus.Ok)]
    [InlineData(9, 0, null, CheckStatus.Warning)]
    public void The_runner_asks_for_no_more_than_the_host_takes(int concurrent, int limit, int? most, CheckStatus status)
    {
        var memory = new ImageMemory(new ImageName("small"), 1L << 30, null, new AbsolutePath("/i"));

        RunnerRules.DecideSlots(Toml with { Concurrent = concurrent }, [Good with { Limit = limit }], new LimitSettings { MaxVms = most }, 8L << 30, [memory], null).Status.Should().Be(status);
    }

    [Theory]
    [InlineData(4, "the runner asks for 4 jobs at once, and 8 VMs of the largest image fit. The 12 runs of the last 14 days took 400MiB of this host's memory at most each: with 25 % more for each, 16 fit into 8GiB")]
    [InlineData(9, "the runner asks for 9 jobs at once, and only 8 VMs of image 'small' (1GiB each) fit into 8GiB: the others wait here instead of going to another runner. The 12 runs of the last 14 days took 400MiB of this host's memory at most each: with 25 % more for each, 16 fit into 8GiB")]
    public void Earlier_jobs_say_how_many_would_fit_by_what_they_took(int concurrent, string message)
    {
        var memory = new ImageMemory(new ImageName("small"), 1L << 30, null, new AbsolutePath("/i"));

        RunnerRules.DecideSlots(Toml with { Concurrent = concurrent }, [Good], new LimitSettings(), 8L << 30, [memory], new TakenMemory(400L << 20, 12, 14)).Found.Should().Be(message);
    }

    [Theory]
    [InlineData(9, CheckStatus.Ok, "the runner asks for 9 jobs at once, and with 'reserve: learned' there is room for 16. ")]
    [InlineData(17, CheckStatus.Warning, "the runner asks for 17 jobs at once, and with 'reserve: learned' room is for 16 jobs only: the others wait here instead of going to another runner. ")]
    public void A_host_that_learns_fits_as_many_as_earlier_jobs_say(int concurrent, CheckStatus status, string message)
    {
        var memory = new ImageMemory(new ImageName("small"), 1L << 30, null, new AbsolutePath("/i"));

        var finding = RunnerRules.DecideSlots(
            Toml with { Concurrent = concurrent }, [Good], new LimitSettings { Reserve = ReserveMode.Learned }, 8L << 30, [memory], new TakenMemory(400L << 20, 12, 14));

        finding.Status.Should().Be(status);
        finding.Found.Should().StartWith(message);
    }

    [Fact]
    public void Directories_are_said_and_the_same_on_both_sides()
    {
        RunnerRules.DecideDirectories(Good, [Image()]).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);
        RunnerRules.DecideDirectories(Good with { BuildsDir = null }, [Image()]).Should().ContainSingle().Which.Fix.Should().Be("builds_dir = \"/builds\"   # in [[runners]]");
        RunnerRules.DecideDirectories(Good with { CacheDir = "cache" }, [Image()]).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Problem);
        RunnerRules.DecideDirectories(Good, [Image() with { BuildsDir = "/b" }]).Should().ContainSingle().Which.Should()
            .Match<Finding>(finding => finding.Status == CheckStatus.Warning && finding.Found.Contains("image 'small' says /b: the image wins") && finding.Fix == "builds_dir = \"/b\"   # in [[runners]]");
    }

    [Theory]
    [InlineData("", false, CheckStatus.Warning, 2)]
    [InlineData("[runners.custom_build_dir]\n[runners.cache]\n[runners.cache.s3]\n", false, CheckStatus.Warning, 2)]
    [InlineData("[runners.custom_build_dir]\nenabled=false\n[runners.cache]\nType=''\n", false, CheckStatus.Ok, 1)]
    [InlineData(GoodTables, true, CheckStatus.Problem, 1)]
    [InlineData(GoodTables, null, CheckStatus.Warning, 1)]
    [InlineData(GoodTables, false, CheckStatus.Ok, 1)]
    [InlineData(GoodTables + "[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES=true\n", true, CheckStatus.Ok, 1)]
    [InlineData(GoodTables + "[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES=false\n", true, CheckStatus.Problem, 1)]
    [InlineData(GoodTables + "[runners.feature_flags]\nFF_USE_FASTZIP=true\n", true, CheckStatus.Problem, 1)]
    [InlineData("environment=['FF_POSIXLY_CORRECT_ESCAPES=true']\n" + GoodTables, true, CheckStatus.Ok, 1)]
    [InlineData("environment=['FF_POSIXLY_CORRECT_ESCAPES=1']\n" + GoodTables, null, CheckStatus.Ok, 1)]
    [InlineData("environment=['FF_POSIXLY_CORRECT_ESCAPES=false']\n" + GoodTables, true, CheckStatus.Problem, 1)]
    [InlineData("environment=['FF_POSIXLY_CORRECT_ESCAPES=true']\n" + GoodTables + "[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES=false\n", true, CheckStatus.Problem, 1)]
    public void Quoting_cache_and_build_directory_are_looked_at(string tables, bool? needsPosix, CheckStatus status, int count)
    {
        var (toml, errors) = RunnerTomlReader.Read($"[[runners]]\nname='r'\n{tables}");
        errors.Should().BeEmpty();

        var findings = RunnerRules.DecideFeatures(toml!.Runners[0], [new ImageShell("small", GuestShell.Sh, needsPosix), new ImageShell("big", GuestShell.Bash, true), new ImageShell("win", GuestShell.Pwsh, null)]);

        findings.Should().HaveCount(count).And.OnlyContain(finding => finding.Check == Checks.RunnerFeatures && finding.Status == status, string.Join('\n', findings));
        findings.Should().OnlyContain(finding => finding.Status == CheckStatus.Ok || finding.Fix != null);
    }

    [Theory]
    [InlineData("feature_flags = 7", "runners[0].feature_flags must be a table")]
    [InlineData("feature_flags = { FF_X = 'yes' }", "runners[0].feature_flags.FF_X must be true or false")]
    [InlineData("environment = 'A=1'", "runners[0].environment must be a list of texts")]
    [InlineData("environment = [1]", "runners[0].environment must be a list of texts")]
    [InlineData("custom_build_dir = { enabled = 1 }", "runners[0].custom_build_dir.enabled must be true or false")]
    [InlineData("cache = { Type = 3 }", "runners[0].cache.Type must be a text in quotes")]
    public void Values_that_the_runner_would_not_take_are_named(string line, string error) =>
        RunnerTomlReader.Read($"[[runners]]\n{line}\n").Errors.Should().Contain(error);

    private static IReadOnlyList<Finding> Stages(RunnerEntry runner, Func<StageCommand, StageFile> look) => RunnerRules.DecideStages(runner, new AbsolutePath(SettingsPath), look);

    private static IReadOnlyList<Finding> Timeouts(RunnerEntry runner, ImageDefinition image) =>
        RunnerRules.DecideTimeouts(Toml with { ShutdownTimeout = TimeSpan.FromHours(1) }, runner, Settings(image));

    private static RunnerEntry With(Func<CustomSection, CustomSection> change) => Good with { Custom = change(Good.Custom!) };

    private static Settings Settings(params ImageDefinition[] images) => new() { File = new AbsolutePath(SettingsPath), Images = images };

    private static ImageDefinition Image() => new()
    {
        File = new AbsolutePath("/images/small.yaml"),
        Name = new ImageName("small"),
        Source = new ImageSource.DiskFile(new AbsolutePath("/b")),
        Ssh = new SshSettings { User = "ci" },
    };
}
