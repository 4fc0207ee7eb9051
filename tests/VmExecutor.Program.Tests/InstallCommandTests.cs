using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary><c>install</c>: what becomes of a config.toml on the disk.</summary>
public sealed class InstallCommandTests : IDisposable
{
    private const string Registered = "concurrent = 1\n\n[[runners]]\n  name = \"ours\"\n  token = \"glrt-secret\"\n  executor = \"custom\"\n  [runners.custom]\n";
    private readonly StageBench _bench = new();

    public InstallCommandTests()
    {
        Directory.CreateDirectory(_bench.PathOf("entry"));
        foreach (var stage in new[] { "config", "prepare", "run", "cleanup" })
        {
            File.WriteAllText(_bench.PathOf($"entry/{stage}"), "#!/bin/sh\nexec vm-executor \"$@\"\n");
            File.SetUnixFileMode(_bench.PathOf($"entry/{stage}"), (UnixFileMode)0b111_101_101);
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
        exit.Output.Should().Contain("+     prepare_exec = ");
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
    public async Task A_link_stays_one()
    {
        File.Move(Toml, _bench.PathOf("real.toml"));
        File.CreateSymbolicLink(Toml, _bench.PathOf("real.toml"));

        (await InstallAsync()).ExitCode.Should().Be(0);

        new FileInfo(Toml).LinkTarget.Should().NotBeNull();
        (await File.ReadAllTextAsync(_bench.PathOf("real.toml"), Token)).Should().Contain("prepare_exec");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_wrong_is_named_with_what_to_do()
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
