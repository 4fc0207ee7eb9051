using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Runner;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Host.Tests.Guests.Preparation;

/// <summary>Over a real ssh server; "the guest" is this host.</summary>
public sealed class GuestToolsTests(SshdFixture sshd) : GuestTest(sshd)
{
    private const UnixFileMode Odd = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead;

    private readonly List<string> _told = [];

    [Fact(Timeout = 60_000)]
    public async Task A_file_of_some_megabytes_arrives_as_it_is_with_its_mode_in_place_of_an_older_one()
    {
        var content = new byte[(3 << 20) + 17];
        Random.Shared.NextBytes(content);
        System.IO.File.WriteAllBytes(In("tool"), content);
        System.IO.File.SetUnixFileMode(In("tool"), Odd);
        Directory.CreateDirectory(In("guest"));
        System.IO.File.WriteAllText(In("guest/tool"), "older");

        var delivered = await DeliverAsync([new ToolSettings(new AbsolutePath(In("tool")), In("guest/tool"))]);

        System.IO.File.ReadAllBytes(In("guest/tool")).Should().Equal(content);
        System.IO.File.GetUnixFileMode(In("guest/tool")).Should().Be(Odd);
        Directory.GetFileSystemEntries(In("guest")).Should().ContainSingle("nothing else may be left");
        delivered.Should().ContainSingle().Which.Target.Should().Be(In("guest/tool"));
        _told.Should().ContainSingle().Which.Should().StartWith("tool (3.0 MiB) is put into the guest at ");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_directory_arrives_whole_with_links_modes_and_long_names_and_replaces_an_older_one()
    {
        var longName = new string('n', 200);
        Directory.CreateDirectory(In("kit/a b/empty"));
        System.IO.File.WriteAllText(In($"kit/a b/{longName}"), "content");
        System.IO.File.SetUnixFileMode(In($"kit/a b/{longName}"), Odd);
        System.IO.File.CreateSymbolicLink(In("kit/link"), "a b");
        System.IO.File.CreateSymbolicLink(In("kit/a b/up"), "..");
        Directory.CreateDirectory(In("made/on/the/way"));
        Directory.CreateDirectory(In("made/on/the/way/kit"));
        System.IO.File.WriteAllText(In("made/on/the/way/kit/old"), "gone afterwards");

        await DeliverAsync([new ToolSettings(new AbsolutePath(In("kit")), In("made/on/the/way/kit"))]);

        var target = In("made/on/the/way/kit");
        var found = await Sshd.Tools.RunAsync(new ToolCall("find", [target, "-mindepth", "1", "-printf", "%P\n"]), Cancellation);
        found.StandardOutput.TrimEnd().Split('\n').Should().BeEquivalentTo("a b", "a b/empty", "a b/up", $"a b/{longName}", "link");
        System.IO.File.ReadAllText($"{target}/a b/{longName}").Should().Be("content");
        System.IO.File.GetUnixFileMode($"{target}/a b/{longName}").Should().Be(Odd);
        new FileInfo($"{target}/link").LinkTarget.Should().Be("a b");
        Directory.GetFileSystemEntries(In("made/on/the/way")).Should().ContainSingle();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_tool_of_the_generation_is_not_copied_until_it_changes_on_the_host()
    {
        System.IO.File.WriteAllText(In("tool"), "1");
        ToolSettings[] tools = [new(new AbsolutePath(In("tool")), In("in-guest"))];
        var published = await DeliverAsync(tools);
        System.IO.File.Delete(In("in-guest"));
        _told.Clear();

        (await DeliverAsync(tools, published)).Should().Equal(published);
        System.IO.File.Exists(In("in-guest")).Should().BeFalse();
        _told.Should().BeEmpty();

        System.IO.File.WriteAllText(In("tool"), "22");
        (await DeliverAsync(tools, published)).Should().NotEqual(published);
        System.IO.File.ReadAllText(In("in-guest")).Should().Be("22");
        _told.Should().ContainSingle().Which.Should().Contain("publish the image again");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_tool_that_is_not_on_the_host_is_a_failure_that_says_where_it_was_sought()
    {
        var failure = await FailAsync(new ToolSettings(new AbsolutePath(In("missing")), "/opt/x"));

        failure.Message.Should().Contain(In("missing")).And.Contain("does not exist");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_does_not_take_the_place_of_a_directory()
    {
        System.IO.File.WriteAllText(In("tool"), "1");
        Directory.CreateDirectory(In("bin"));

        var failure = await FailAsync(new ToolSettings(new AbsolutePath(In("tool")), In("bin")));

        failure.Message.Should().Contain("there is a directory");
        failure.Hint.Should().Contain("own path");
        Directory.GetFileSystemEntries(Tree).Should().HaveCount(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_place_that_cannot_be_is_told_in_the_guests_own_words()
    {
        System.IO.File.WriteAllText(In("tool"), "1");

        var failure = await FailAsync(new ToolSettings(new AbsolutePath(In("tool")), "/proc/vmx/tool"));

        failure.Message.Should().Contain("/proc/vmx/tool");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_pipe_in_a_directory_is_refused_and_nothing_takes_its_place()
    {
        Directory.CreateDirectory(In("kit"));
        (await Sshd.Tools.RunAsync(new ToolCall("mkfifo", [In("kit/pipe")]), Cancellation)).EnsureSuccess();

        var failure = await FailAsync(new ToolSettings(new AbsolutePath(In("kit")), In("in-guest")));

        failure.Message.Should().Contain("pipe is no file, directory or symbolic link");
        Directory.GetFileSystemEntries(Tree).Should().ContainSingle();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_runner_is_the_process_that_started_us_else_the_one_in_PATH()
    {
        Directory.CreateDirectory(In("path"));
        System.IO.File.WriteAllText(In("path/gitlab-runner"), "in PATH");
        ProgramFile.Copy("/bin/sleep", In("gitlab-runner-17"));
        using var runner = System.Diagnostics.Process.Start(In("gitlab-runner-17"), "60");
        try
        {
            // An update exchanges the file under a running runner.
            System.IO.File.Delete(In("gitlab-runner-17"));
            await DeliverAsync([new ToolSettings(null, In("running"))], [], runner.Id);
            await DeliverAsync([new ToolSettings(null, In("found"))], [], Environment.ProcessId);
        }
        finally
        {
            runner.Kill();
            await runner.WaitForExitAsync(CancellationToken.None);
        }

        System.IO.File.ReadAllBytes(In("running")).Should().Equal(System.IO.File.ReadAllBytes("/bin/sleep"));
        System.IO.File.ReadAllText(In("found")).Should().Be("in PATH");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_runner_that_runs_on_the_host_goes_before_one_in_PATH_where_no_runner_started_us()
    {
        Directory.CreateDirectory(In("path"));
        System.IO.File.WriteAllText(In("path/gitlab-runner"), "in PATH");
        System.IO.File.SetUnixFileMode(In("path/gitlab-runner"), Odd);
        System.IO.File.WriteAllText(In("gitlab-runner-17"), "running");
        Process("41", "bash", "gitlab-runner run");
        Process("42", "/usr/bin/gitlab-runner", "verify");
        Process("43", "/usr/bin/gitlab-runner", "run", "--config", "/etc/gitlab-runner/config.toml");
        System.IO.File.CreateSymbolicLink(In("machine/proc/43/exe"), In("gitlab-runner-17"));

        await DeliverAsync([new ToolSettings(null, In("running"))]);

        System.IO.File.ReadAllText(In("running")).Should().Be("running");
    }

    private void Process(string id, params string[] arguments)
    {
        Directory.CreateDirectory(In($"machine/proc/{id}"));
        System.IO.File.WriteAllText(In($"machine/proc/{id}/cmdline"), string.Concat(arguments.Select(argument => argument + '\0')));
    }

    private async Task<SystemFailureException> FailAsync(ToolSettings tool)
    {
        var failure = (await FluentActions.Awaiting(() => DeliverAsync([tool])).Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.ToolNotDelivered);
        return failure;
    }

    private Task<IReadOnlyList<GenerationTool>> DeliverAsync(IReadOnlyList<ToolSettings> tools, IReadOnlyList<GenerationTool>? already = null, int? starter = null)
    {
        var environment = new ToolEnvironment(new Dictionary<string, string> { ["PATH"] = $"{In("path")}:/usr/bin:/bin" });
        return new GuestTools(Guest, environment, new RunnerHost(new AbsolutePath(In("machine"))), starter ?? Environment.ProcessId).DeliverAsync(Job, tools, already ?? [], _told.Add, Cancellation);
    }

    private string Tree => Directory.CreateDirectory(File("it's here")).FullName;

    private string In(string name) => Path.Combine(Tree, name);
}
