using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary><c>install</c>: what becomes of a config.toml on the disk.</summary>
public sealed class InstallCommandTests : IDisposable
{
    /// <summary>As <c>gitlab-runner register</c> leaves it.</summary>
    private const string Registered = "concurrent = 1\n\n[[runners]]\n  name = \"ours\"\n  token = \"glrt-secret\"\n  executor = \"custom\"\n  [runners.custom]\n    run_exec = \"\"\n";
    private readonly StageBench _bench = new();

    public InstallCommandTests()
    {
        Directory.CreateDirectory(_bench.PathOf("entry"));
        foreach (var stage in new[] { "config", "prepare", "run", "cleanup" })
        {
            _bench.WriteProgram($"entry/{stage}", "#!/bin/sh\nexec vm-executor \"$@\"\n");
        }

        File.WriteAllText(Toml, Registered);
        File.SetUnixFileMode(Toml, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private string Toml => _bench.PathOf("config.toml");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_registered_runner_is_the_drivers_afterwards_and_the_old_file_is_beside_it()
    {
        var exit = await InstallAsync();

        exit.ExitCode.Should().Be(0, exit.ToString());
        var text = await File.ReadAllTextAsync(Toml, Token);
        text.Should().StartWith("concurrent = 1\n\n[[runners]]\n").And.Contain($"prepare_exec = \"{_bench.PathOf("entry")}/prepare\"").And.Contain("token = \"glrt-secret\"");
        File.GetUnixFileMode(Toml).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await File.ReadAllTextAsync(Toml + ".before-vm-executor", Token)).Should().Be(Registered);
        File.GetUnixFileMode(Toml + ".before-vm-executor").Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        exit.Output.Should().Contain("+     prepare_exec = ").And.Contain($"   14 ~ run_exec = \"{_bench.PathOf("entry")}/run\"").And.Contain("+     FF_POSIXLY_CORRECT_ESCAPES = true", "an image has shell: sh");
        exit.Error.Should().Contain("runner 'ours'").And.Contain("vm-executor doctor --config");
        exit.ToString().Should().NotContain("glrt-secret");
        Directory.GetFiles(_bench.PathOf("."), "*.tmp").Should().BeEmpty();

        var again = await InstallAsync();
        again.Output.Should().StartWith("nothing to do: ");
        (await File.ReadAllTextAsync(Toml, Token)).Should().Be(text);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_dry_run_shows_the_lines_and_writes_nothing()
    {
        await File.WriteAllTextAsync(_bench.PathOf("token"), "glrt-other\n", Token);

        var exit = await InstallAsync("--dry-run", "--runner", "new", "--url", "https://gitlab.example.com", "--token-file", _bench.PathOf("token"));

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Output.Should().Contain("+ [[runners]]").And.Contain("token = \"[hidden]\"").And.NotContain("glrt-other");
        exit.Error.Should().Contain("was not changed (--dry-run)");
        (await File.ReadAllTextAsync(Toml, Token)).Should().Be(Registered);
        File.Exists(Toml + ".before-vm-executor").Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_is_not_there_is_created_for_its_owner_only()
    {
        File.Delete(Toml);
        await File.WriteAllTextAsync(_bench.PathOf("token"), "glrt-other\n", Token);
        string[] runner = ["--url", "https://gitlab.example.com", "--token-file", _bench.PathOf("token")];

        (await InstallAsync()).ShouldFail(StageBench.SystemFailure, "VMX1961", "gitlab-runner register --executor custom", "--token-file");
        (await InstallAsync([.. runner, "--dry-run"])).Error.Should().Contain("was not created");
        File.Exists(Toml).Should().BeFalse();
        var exit = await InstallAsync(runner);

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.ToString().Should().NotContain("glrt-other");
        exit.Error.Should().Contain($"{Toml} was created").And.Contain($"gitlab-runner verify --config '{Toml}'");
        File.GetUnixFileMode(Toml).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await File.ReadAllTextAsync(Toml, Token)).Should().StartWith("[[runners]]\n  name = \"vm-executor\"\n").And.Contain("token = \"glrt-other\"").And.Contain("  [runners.custom_build_dir]\n    enabled = true\n");
        File.Exists(Toml + ".before-vm-executor").Should().BeFalse();
        (await InstallAsync(runner)).Output.Should().StartWith("nothing to do: ");

        (await _bench.RunAsync(["install", "--config-toml", _bench.PathOf("no/config.toml"), "--entry-points", _bench.PathOf("entry"), .. runner]))
            .ShouldFail(StageBench.SystemFailure, "VMX1503", _bench.PathOf("no/config.toml"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Bytes_that_are_no_text_are_not_written_back_as_others()
    {
        byte[] bytes = [.. "# \u00e9 in Latin 1: "u8, 0xe9, (byte)'\n', .. System.Text.Encoding.UTF8.GetBytes(Registered)];
        await File.WriteAllBytesAsync(Toml, bytes, Token);

        (await InstallAsync()).ShouldFail(StageBench.SystemFailure, "VMX1960", Toml, "UTF-8");

        (await File.ReadAllBytesAsync(Toml, Token)).Should().Equal(bytes);
        byte[] marked = [0xef, 0xbb, 0xbf, .. System.Text.Encoding.UTF8.GetBytes(Registered)];
        await File.WriteAllBytesAsync(Toml, marked, Token);
        (await InstallAsync()).ExitCode.Should().Be(0);
        (await File.ReadAllBytesAsync(Toml, Token)).Should().StartWith([0xef, 0xbb, 0xbf, (byte)'c']);
        (await File.ReadAllBytesAsync(Toml + ".before-vm-executor", Token)).Should().Equal(marked);
    }

    [Fact(Timeout = 60_000)]
    public async Task Another_drivers_stages_are_exchanged_only_when_that_is_said()
    {
        await File.WriteAllTextAsync(Toml, Registered.Replace("run_exec = \"\"", "run_exec = \"/opt/other\" # theirs", StringComparison.Ordinal), Token);

        (await InstallAsync()).ShouldFail(StageBench.SystemFailure, "VMX1962", "run_exec = \"/opt/other\"", "--replace", $"    run_exec = \"{_bench.PathOf("entry")}/run\"");
        (await InstallAsync("--replace")).ExitCode.Should().Be(0);

        (await File.ReadAllTextAsync(Toml, Token)).Should().Contain($"    run_exec = \"{_bench.PathOf("entry")}/run\" # theirs\n");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_link_stays_one()
    {
        File.Move(Toml, _bench.PathOf("real.toml"));
        File.CreateSymbolicLink(Toml, _bench.PathOf("real.toml"));

        (await InstallAsync()).ExitCode.Should().Be(0);

        new FileInfo(Toml).LinkTarget.Should().NotBeNull();
        (await File.ReadAllTextAsync(_bench.PathOf("real.toml"), Token)).Should().Contain("prepare_exec");
    }

    [Fact(Timeout = 60_000)]
    public async Task Each_mistake_is_named_with_its_remedy()
    {
        (await InstallAsync("--runner", "other")).ShouldFail(StageBench.SystemFailure, "VMX1961", "no runner called 'other'", "'ours'");
        (await InstallAsync("--token-file", _bench.PathOf("nothing"))).ShouldFail(StageBench.SystemFailure, "VMX1503", "nothing");
        (await _bench.RunAsync("install", "--config-toml", Toml, "--entry-points", _bench.PathOf("entry"), "--config", _bench.PathOf("nowhere.yaml")))
            .ShouldFail(StageBench.SystemFailure, "VMX1102", "nowhere.yaml");
        File.Delete(Toml);
        Directory.CreateDirectory(Toml);
        (await InstallAsync()).ShouldFail(StageBench.SystemFailure, "VMX1503", Toml);
    }

    private Task<ProgramExit> InstallAsync(params string[] arguments) =>
        _bench.RunAsync(["install", "--config-toml", Toml, "--entry-points", _bench.PathOf("entry"), .. arguments]);
}
