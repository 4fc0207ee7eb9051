using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Standard input that is given as a definition or a token: whatever it is, the answer is short and comes at once.</summary>
public sealed class StandardInputTests : IDisposable
{
    private readonly StageBench _bench = new();

    public StandardInputTests()
    {
        foreach (var stage in new[] { "config", "prepare", "run", "cleanup" })
        {
            _bench.Write($"entry/{stage}", "#!/bin/sh\n");
        }
    }

    public void Dispose() => _bench.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData("\ufeff")]
    public async Task A_definition_is_read_from_standard_input(string mark)
    {
        _bench.Write("vm.xml", mark + PlainDomain.Xml);

        var exit = await ExplainAsync($"exec <{_bench.PathOf("vm.xml")}");

        exit.ExitCode.Should().BeOneOf([0, 1], exit.ToString());
        exit.Output.Should().StartWith("standard input: in a job's clone\n");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("exec </dev/zero", "4194304 bytes")]
    [InlineData("exec </dev/null", "standard input")]
    [InlineData("exec </bin/true", "standard input")]
    [InlineData("exec <&-", "standard input")]
    [InlineData("exec </", "standard input")]
    public async Task Standard_input_that_is_no_definition_is_refused(string shell, string said)
    {
        var exit = await ExplainAsync(shell);

        exit.ShouldFail(StageBench.SystemFailure, "VMX1227", said);
        exit.ShouldBeTame();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("glrt-other\n")]
    [InlineData("glrt-other")]
    [InlineData("  glrt-other \r\n")]
    [InlineData("glrt-other\n\n")]
    public async Task A_token_is_read_from_standard_input_and_from_a_file(string text)
    {
        _bench.Write("token", text);

        (await InstallAsync($"exec <{_bench.PathOf("token")}", "-")).ExitCode.Should().Be(0);
        (await InstallAsync("exec </dev/null", _bench.PathOf("token"))).ExitCode.Should().Be(0);
        (await File.ReadAllTextAsync(_bench.PathOf("config.toml"), TestContext.Current.CancellationToken)).Should().Contain("token = \"glrt-other\"");
    }

    public static TheoryData<string> NoTokens =>
    [
        "", "\n", "   \n", "glrt-one\nglrt-two\n", "glrt-one\n\n\nglrt-two", "glrt-o\0ne\n", "\0", "glrt-\u001b[31mone", "glrt one", "glrt-grün", new string('x', 500), new string('x', 5000), new string('x', 9000) + "\nglrt-one\n",
        "glrt-one\n" + new string('x', 9000),
    ];

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(NoTokens))]
    public async Task A_text_that_is_no_token_is_refused_from_standard_input_and_from_a_file(string text)
    {
        _bench.Write("token", text);

        foreach (var exit in new[] { await InstallAsync($"exec <{_bench.PathOf("token")}", "-"), await InstallAsync("exec </dev/null", _bench.PathOf("token")) })
        {
            exit.ShouldFail(StageBench.SystemFailure, "VMX1961", "there is no token in");
            exit.ShouldBeTame();
        }

        File.Exists(_bench.PathOf("config.toml")).Should().BeFalse();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("exec </dev/zero")]
    [InlineData("exec </dev/null")]
    [InlineData("exec <&-")]
    [InlineData("exec </")]
    public async Task Standard_input_that_has_no_end_or_is_none_is_no_token(string shell)
    {
        var exit = await InstallAsync(shell, "-");

        exit.ExitCode.Should().Be(StageBench.SystemFailure, exit.ToString());
        exit.ShouldBeTame();
        File.Exists(_bench.PathOf("config.toml")).Should().BeFalse();
    }

    private Task<ProgramExit> ExplainAsync(string shell)
    {
        _bench.Environment["VM_EXECUTOR_CONFIG"] = _bench.PathOf("none.yaml");
        return _bench.RunAfterAsync(shell, "image", "explain", "--definition", "-");
    }

    private Task<ProgramExit> InstallAsync(string shell, string token) => _bench.RunAfterAsync(
        shell, "install", "--config-toml", _bench.PathOf("config.toml"), "--entry-points", _bench.PathOf("entry"), "--url", "https://gitlab.example.com", "--token-file", token);
}
