using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Registration;
using VmExecutor.Core.Tests.Configuration;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Registration;

/// <summary>config.toml as people and <c>gitlab-runner register</c> write it.</summary>
public sealed partial class RunnerFileShapesTests
{
    private static readonly AbsolutePath File = new("/etc/gitlab-runner/config.toml");

    private static readonly AbsolutePath SettingsFile = new("/etc/vm-executor/vm-executor.yaml");

    [Theory]
    [MemberData(nameof(RunnerFiles.Shapes), MemberType = typeof(RunnerFiles))]
    public void Each_shape_of_a_file_becomes_the_drivers_and_says_all_else_as_before(string shape, string text)
    {
        // Where there is only one without stages it is found by itself.
        foreach (var name in new[] { "vm", null })
        {
            var edit = Decide(text, name)!;

            edit.Should().NotBeNull(shape);
            edit.Runner.Should().Be("vm");
            var (toml, errors) = RunnerTomlReader.Read(edit.Text);
            errors.Should().BeEmpty(edit.Text);
            var runner = toml!.Runners.Should().ContainSingle(one => one.Name == "vm").Which;
            runner.Custom!.Stages.Select(stage => stage.Exec).Should().Equal(
                "/usr/lib/vm-executor/config", "/usr/lib/vm-executor/prepare", "/usr/lib/vm-executor/run", "/usr/lib/vm-executor/cleanup");
            runner.Custom.Stages.Select(stage => stage.ConfigOption).Should().AllBe(SettingsFile.Value);
            runner.FeatureFlags.Should().Contain(RunnerQuoting.PosixFlag, true);
            runner.CustomBuildDir.Should().Be(shape != RunnerFiles.HalfOfTheStages, "what was said stays");
            TomlProof.Holds(WithoutMark(text), WithoutMark(edit.Text), toml.Runners.ToList().IndexOf(runner), Expected(text)).Should().BeTrue(edit.Text);
            ShouldStay(text, edit.Text);
            Decide(edit.Text, name).Should().BeNull("the second run changes nothing");
            Decide(edit.Text, null).Should().BeNull();
        }
    }

    [Fact]
    public void A_registered_file_reads_as_if_it_had_been_written_so()
    {
        Decide(RunnerFiles.Register19, null, GuestShell.Bash)!.Text.Should().Be("""
            concurrent = 1
            check_interval = 0
            shutdown_timeout = 0

            [session_server]
              session_timeout = 1800

            [[runners]]
              name = "vm"
              url = "https://gitlab.example.com"
              id = 42
              token = "glrt-t1_bbbbbbbbbbbbbbbbbbbb"
              token_obtained_at = 2026-11-26T07:00:00Z
              token_expires_at = 0001-01-01T00:00:00Z
              executor = "custom"
              builds_dir = "/builds"
              cache_dir = "/cache"
              [runners.custom_build_dir]
                enabled = true
              [runners.cache]
                MaxUploadedArchiveSize = 0
                [runners.cache.s3]
                  AssumeRoleMaxConcurrency = 0
                [runners.cache.gcs]
                [runners.cache.azure]
              [runners.custom]
                run_exec = "/usr/lib/vm-executor/run"
                # Added by 'vm-executor install'. Each limit and its reason: executor/config.toml of vm-executor.
                config_exec = "/usr/lib/vm-executor/config"
                config_args = ["--config", "/etc/vm-executor/vm-executor.yaml"]
                config_exec_timeout = 30
                prepare_exec = "/usr/lib/vm-executor/prepare"
                prepare_args = ["--config", "/etc/vm-executor/vm-executor.yaml"]
                prepare_exec_timeout = 3000
                run_args = ["--config", "/etc/vm-executor/vm-executor.yaml"]
                cleanup_exec = "/usr/lib/vm-executor/cleanup"
                cleanup_args = ["--config", "/etc/vm-executor/vm-executor.yaml"]
                cleanup_exec_timeout = 180
                graceful_kill_timeout = 20
                force_kill_timeout = 10

            """);
    }

    [Theory]
    [InlineData("[[runners]]\nname=\"vm\"\nexecutor=\"custom\"\n[runners.custom]\nrun_exec=\"/opt/other/run\"\nrun_args = [\"-v\", 'x']\nprepare_exec_timeout = 5\n")]
    [InlineData("runners = [{name=\"vm\",executor=\"custom\",custom={run_exec=\"/opt/other/run\",prepare_exec_timeout=5}}]")]
    [InlineData("[[runners]]\nname=\"vm\"\nexecutor=\"custom\"\ncustom.cleanup_exec = '/opt/other/cleanup'\ncustom.prepare_exec_timeout = 5")]
    public void The_stages_of_another_driver_are_exchanged_when_that_is_asked_for(string text)
    {
        var edit = RunnerInstallation.Decide(text, File, new RunnerRequest(null, null, null) { Replaces = true }, Keys(GuestShell.Sh))!;

        var runner = RunnerTomlReader.Read(edit.Text).Toml!.Runners[0];
        runner.Custom!.Stages.Should().OnlyContain(stage => stage.Exec == $"/usr/lib/vm-executor/{stage.Stage}" && stage.ConfigOption == SettingsFile.Value && stage.Arguments.Count == 2);
        runner.Custom.PrepareTimeout.Should().Be(TimeSpan.FromSeconds(5), "doctor tells of a limit that is too short");
        var refused = FluentActions.Invoking(() => Decide(text, null)).Should().Throw<SystemFailureException>().Which;
        refused.Code.Should().Be(ErrorCodes.RunnerHasOtherStages);
        refused.Hint.Should().Contain("--replace").And.Contain("\n    run_exec = \"/usr/lib/vm-executor/run\"\n").And.Contain("\n  [runners.custom]\n");
    }

    [Theory]
    [InlineData("concurrent = 2\nrunners = [ ]\n")]
    [InlineData("runners = []")]
    [InlineData("runners = [{name=\"x\",executor=\"shell\"},] # more\n")]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("# nothing yet")]
    [InlineData("\ufeff# nothing yet\r\n")]
    public void A_new_runner_is_added_once_in_the_way_the_file_has_it(string text)
    {
        var request = new RunnerRequest("vm", "https://gitlab.example.com", "glrt-3");
        var edit = RunnerInstallation.Decide(text, File, request, Keys(GuestShell.Sh))!;

        var runner = RunnerTomlReader.Read(edit.Text).Toml!.Runners[^1];
        runner.Should().Match<RunnerEntry>(one => one.Name == "vm" && one.Url == "https://gitlab.example.com" && one.Token!.IsSame("glrt-3") && one.CustomBuildDir == true);
        runner.Custom!.Stages.Should().OnlyContain(stage => stage.Exec != null);
        string.Concat(edit.Changes.Select(change => change.Line)).Should().Contain("[hidden]").And.NotContain("glrt-3");
        ShouldStay(text, edit.Text);
        RunnerInstallation.Decide(edit.Text, File, request, Keys(GuestShell.Sh)).Should().BeNull();
        RunnerInstallation.Decide(edit.Text, File, request with { Name = null }, Keys(GuestShell.Sh)).Should().BeNull("it is known by its token");
        FluentActions.Invoking(() => RunnerInstallation.Decide(edit.Text, File, request with { Token = "glrt-4" }, Keys(GuestShell.Sh)))
            .Should().Throw<SystemFailureException>().WithMessage("*another token*");
    }

    [Fact]
    public void An_edit_that_would_say_something_else_is_no_proof()
    {
        RunnerKey[] set = [new([], "limit", "2")];

        TomlProof.Holds("[[runners]]\nname='a'\n", "[[runners]]\nname='a'\nlimit = 2\n", 0, set).Should().BeTrue();
        TomlProof.Holds("[[runners]]\nname='a'\n", "[[runners]]\nname='b'\nlimit = 2\n", 0, set).Should().BeFalse();
        TomlProof.Holds("[[runners]]\nname='a'\n", "[[runners]]\nname='a'\n", 0, set).Should().BeFalse();
        TomlProof.Holds("[[runners]]\nname='a'\n", "[[runners]]\nname='a'\nlimit = 2\n[[runners]]\n", 0, set).Should().BeFalse();
        TomlProof.Holds("[[runners]]\nname='a'\n", "[[runners]\n", 0, set).Should().BeFalse();
    }

    /// <summary>Every character of the old text is there in its order, but for quotes with nothing between them, which were filled.</summary>
    private static void ShouldStay(string before, string after)
    {
        var position = 0;
        foreach (var character in EmptyText().Replace(before, "= "))
        {
            position = after.IndexOf(character, position) + 1;
            position.Should().BePositive($"'{character}' is lost in:\n{after}");
        }
    }

    private static RunnerEdit? Decide(string text, string? name, GuestShell shell = GuestShell.Sh) => RunnerInstallation.Decide(text, File, new RunnerRequest(name, null, null), Keys(shell));

    private static IReadOnlyList<RunnerKey> Keys(GuestShell shell) => RunnerStages.Keys(
        new AbsolutePath("/usr/lib/vm-executor"),
        new Settings
        {
            File = SettingsFile,
            StateDir = new AbsolutePath("/var/lib/vm-executor"),
            Images = [Yaml.BindImage("source: domain\ndomain: base\nssh: {user: ci, key: /k}") with { Shell = shell }],
        },
        SettingsFile);

    /// <summary>The keys that the file's runner does not have with a value.</summary>
    private static IEnumerable<RunnerKey> Expected(string text)
    {
        var runners = TomlTree.Read(WithoutMark(text)).Find("runners")!.Elements;
        var vm = runners.First(runner => runner.Find("name")?.Value is Tomlyn.Syntax.StringValueSyntax { Value: "vm" });
        return Keys(GuestShell.Sh).Where(key => key.Table.Append(key.Name).Aggregate((TomlNode?)vm, (node, one) => node?.Find(one)) is not { Value: not null } found || found.IsEmptyValue);
    }

    private static string WithoutMark(string text) => text.TrimStart('\ufeff');

    [GeneratedRegex("= *(\"\"\"\"\"\"|''''''|\"\"|'')", RegexOptions.CultureInvariant)]
    private static partial Regex EmptyText();
}
