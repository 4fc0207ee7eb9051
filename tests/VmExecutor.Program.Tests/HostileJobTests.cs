using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>A table of attacks on the built program: each stage gives the contract's exit code and a code of ours, and nothing else happens.</summary>
public sealed class HostileJobTests : IDisposable
{
    private static readonly string Shell = "$(touch marker)`touch marker`;touch marker|touch marker&\n touch marker\n'\"\\ -oProxyCommand=touch${IFS}marker";
    private static readonly string Xml = "</name><x a='1'/>]]><![CDATA[<!ENTITY e SYSTEM 'file:///etc/passwd'>&e;&#0;";
    private static readonly string Terminal = "\u001b[2J\u001b]0;owned\u0007\u009b31m\r\b\u202egnp.exe\u2028line\u200b";
    private static readonly string Megabyte = new('x', 1 << 20);

    private static readonly Dictionary<string, Attack> Attacks = new()
    {
        ["image: shell"] = Attack.Image(Shell),
        ["image: a command"] = Attack.Image("$(touch marker)"),
        ["image: backticks"] = Attack.Image("`touch marker`"),
        ["image: a path up"] = Attack.Image("../../etc/passwd"),
        ["image: a path"] = Attack.Image("/etc/passwd"),
        ["image: the name of another with a line break"] = Attack.Image("small\n"),
        ["image: an option of ssh"] = Attack.Image("-oProxyCommand=touch marker"),
        ["image: an option of ours"] = Attack.Image("--config=/etc/passwd"),
        ["image: a response file"] = Attack.Image("@/etc/passwd"),
        ["image: XML"] = Attack.Image(Xml),
        ["image: NUL"] = Attack.Image("small\0"),
        ["image: a megabyte"] = Attack.Image(Megabyte),
        ["image: a megabyte of terminal control"] = Attack.Image(string.Concat(Enumerable.Repeat("\u001b[31m", 200_000))),
        ["image: terminal control and text turned around"] = Attack.Image(Terminal),
        ["image: a name that looks the same"] = Attack.Image("smаll"),
        ["image: invalid UTF-8"] = Attack.ImageBytes(Outcome.NoJob, 0xC3, 0x28, 0xFF),
        ["image: half a surrogate pair"] = Attack.ImageBytes(Outcome.NoJob, [.. "\\ud800"u8]),
        ["image: a variable that names a variable without end"] = Attack.Response(Outcome.NoImage, response =>
        {
            response["image"]!["name"] = string.Concat(Enumerable.Repeat("$A", 2_000));
            response["variables"] = new JsonArray(Variable("A", string.Concat(Enumerable.Repeat("$A", 1 << 19))));
        }),
        ["image: a megabyte two thousand times"] = Attack.Response(Outcome.NoImage, response =>
        {
            response["image"]!["name"] = string.Concat(Enumerable.Repeat("$A", 2_000));
            response["variables"] = new JsonArray(Variable("A", Megabyte));
        }),

        ["id: 0"] = Id("0", Outcome.Job),
        ["id: negative"] = Id("-1"),
        ["id: the least"] = Id("-9223372036854775808"),
        ["id: a text"] = Id("\"4711\""),
        ["id: a fraction"] = Id("1.5"),
        ["id: 1e400"] = Id("1e400"),
        ["id: one too large"] = Id("9223372036854775808"),
        ["id: a thousand digits"] = Id(new string('9', 1000)),
        ["id: a path"] = Id("\"../../etc\""),
        ["id: true"] = Id("true"),
        ["id: a list"] = Id("[1]"),
        ["id: null"] = Id("null"),
        ["id: the largest"] = Id("9223372036854775807", Outcome.Job),
        ["id: twice"] = Attack.Content(Outcome.NoJob, """{ "id": 1, "id": -1 }"""),

        ["project: shell"] = Project(Shell),
        ["project: XML"] = Project(Xml),
        ["project: a path up"] = Project("../../../etc"),
        ["project: terminal control"] = Project(Terminal),
        ["project: a megabyte"] = Project(Megabyte),
        ["project: NUL"] = Project("a\0b"),
        ["repository: shell"] = Repository(Shell),
        ["repository: an option"] = Repository("-oProxyCommand=touch marker"),
        ["repository: a file"] = Repository("file:///etc/passwd"),
        ["repository: a server with a line break"] = Repository("https://a\nb/x.git"),
        ["repository: a server that is none"] = Repository("https://[::1%25$(touch marker)]:99999/x.git"),
        ["repository: a megabyte"] = Repository("https://" + Megabyte + "/x.git"),
        ["variables: keys"] = Attack.Response(Outcome.Job, response => response["variables"] = new JsonArray(
            Variable("", ""), Variable("\0", "\0"), Variable(Shell, Shell), Variable("__proto__", "x"), Variable("PATH", "/evil"), Variable("LD_PRELOAD", "/evil.so"))),
        ["variables: a megabyte"] = Attack.Response(Outcome.Job, response => response["variables"] = new JsonArray(Variable("BIG", Megabyte))),
        ["variables: a hundred thousand"] = Attack.Response(Outcome.Job, response => response["variables"] =
            new JsonArray([.. Enumerable.Range(0, 100_000).Select(i => Variable($"V{i}", "x"))])),
        ["timeout: negative"] = Timeout("-1"),
        ["timeout: the largest of 32 bits"] = Timeout("2147483647"),
        ["timeout: one more"] = Timeout("2147483648"),
        ["timeout: the largest of 64 bits"] = Timeout("9223372036854775807"),
        ["timeout: 1e400"] = Timeout("1e400"),
        ["timeout: a text"] = Timeout("\"3600; touch marker\""),

        ["response: missing"] = Attack.At(Outcome.NoJob, "/nonexistent/response.json"),
        ["response: a directory"] = Attack.At(Outcome.NoJob, "/etc"),
        ["response: /dev/zero"] = Attack.At(Outcome.NoJob, "/dev/zero"),
        ["response: /dev/stdin"] = Attack.At(Outcome.NoJob, "/dev/stdin"),
        ["response: the process's own memory"] = Attack.At(Outcome.NoJob, "/proc/self/mem"),
        ["response: a path with terminal control"] = Attack.At(Outcome.NoJob, "/nonexistent/" + Terminal.Replace("\r", "", StringComparison.Ordinal)),
        ["response: a pipe without a writer"] = new Attack(Outcome.NoJob, bench => MakePipe(bench.PathOf("response.json"))),
        ["response: a link to such a pipe"] = new Attack(Outcome.NoJob, bench =>
        {
            MakePipe(bench.PathOf("pipe"));
            File.Delete(bench.PathOf("response.json"));
            File.CreateSymbolicLink(bench.PathOf("response.json"), bench.PathOf("pipe"));
        }),
        ["response: a hundred megabytes"] = new Attack(Outcome.NoJob, bench =>
        {
            using var file = File.OpenWrite(bench.PathOf("response.json"));
            file.SetLength(100 << 20);
        }),
        ["response: empty"] = Attack.Content(Outcome.NoJob, ""),
        ["response: truncated"] = new Attack(Outcome.NoJob, bench =>
        {
            using var file = File.OpenWrite(bench.PathOf("response.json"));
            file.SetLength(file.Length - 1);
        }),
        ["response: not JSON"] = Attack.Content(Outcome.NoJob, $"<html>{StageBench.Canary}{Terminal}"),
        ["response: a list"] = Attack.Content(Outcome.NoJob, $"""["{StageBench.Canary}"]"""),
        ["response: nested ten thousand deep"] = Attack.Content(Outcome.NoJob, $"{{\"id\":1,\"a\":{new string('[', 10_000)}{new string(']', 10_000)}}}"),
        ["response: a million lists opened"] = Attack.Content(Outcome.NoJob, new string('[', 1 << 20)),
        ["response: another encoding"] = Attack.Bytes(Outcome.NoJob, Encoding.Unicode.GetBytes("""{ "id": 1 }""")),
        ["response: keys twice"] = Attack.Content(
            Outcome.NoImage, """{ "id": 1, "image": { "name": "small" }, "image": { "name": "small", "name": "../small" } }"""),
        ["response: parts of other types"] = Attack.Content(
            Outcome.Job, """{ "id": 1, "image": [], "git_info": "x", "job_info": 7, "runner_info": null, "variables": { "key": "x" } }"""),

        ["short token: shell"] = Token(Shell),
        ["short token: a path up"] = Token("../../../etc"),
        ["short token: XML"] = Token(Xml),
        ["short token: terminal control"] = Token(Terminal),
        ["short token: empty"] = Token(""),
        ["short token: a hundred kilobytes"] = Token(new string('t', 100_000)),
        ["environment: a hundred kilobytes of everything"] = Attack.Environment(
            Outcome.Job, "CUSTOM_ENV_X", string.Concat(Enumerable.Repeat(Shell + Xml + Terminal, 400))),
        ["environment: a job that wants to be another"] = new Attack(Outcome.Job, bench =>
        {
            bench.Environment["CUSTOM_ENV_CI_JOB_ID"] = "../../1";
            bench.Environment["CUSTOM_ENV_CI_JOB_IMAGE"] = Shell;
            bench.Environment["CUSTOM_ENV_CI_JOB_TIMEOUT"] = "1e400";
            bench.Environment["CUSTOM_ENV_CI_SERVER_URL"] = Xml;
            bench.Environment["CUSTOM_ENV_VM_EXECUTOR_CONFIG"] = "/etc/passwd";
            bench.Environment["CUSTOM_ENV_LD_PRELOAD"] = "/evil.so";
            bench.Environment["CUSTOM_ENV_BUILD_FAILURE_EXIT_CODE"] = "0";
        }),
        ["TMPDIR: shell"] = Attack.Environment(Outcome.Job, "TMPDIR", "/tmp/" + Shell),
        ["TMPDIR: terminal control and what XML cannot carry"] = Attack.Environment(Outcome.Job, "TMPDIR", "/tmp/\u0001\uffff" + Terminal),
        ["TMPDIR: relative"] = Attack.Environment(Outcome.Job, "TMPDIR", "../../etc"),
    };

    /// <summary>The answers that the stages must give for each outcome. Null: success.</summary>
    private static readonly Dictionary<Outcome, (string Stage, int ExitCode, string? Code)[]> Answers = new()
    {
        [Outcome.NoJob] = [("config", StageBench.SystemFailure, "VMX1001"), ("cleanup", StageBench.SystemFailure, "VMX1001")],
        [Outcome.NoImage] = [("prepare", StageBench.BuildFailure, "VMX1010"), ("run script build_script", StageBench.SystemFailure, "VMX1409")],

        // libvirt's test driver starts no transient domain that is to die with its connection: a job that is one gets as far as that.
        [Outcome.Job] = [("config", 0, null), ("prepare", StageBench.SystemFailure, "VMX13"), ("cleanup", 0, null)],
    };

    private readonly StageBench _bench = new();

    public static TheoryData<string> Names => [.. Attacks.Keys];

    public void Dispose() => _bench.Dispose();

    [Theory(Timeout = 240_000)]
    [MemberData(nameof(Names))]
    public async Task Each_stage_gives_the_contracts_answer_and_nothing_else_happens(string attack)
    {
        var (outcome, arrange) = Attacks[attack];
        _bench.Write("script", "#!/bin/sh\n");
        _bench.Environment["PATH"] = $"{Path.Combine(AppContext.BaseDirectory, "stand-ins")}:/usr/bin:/bin";
        arrange(_bench);
        var before = _bench.Entries();

        foreach (var (stage, exitCode, code) in Answers[outcome])
        {
            Expect(await _bench.RunAsync(stage.Split(' ')), exitCode, code);
        }

        _bench.Entries().Should().Equal(before, "nothing may be made, changed or taken away outside the state directory");
        Directory.Exists(_bench.PathOf("state/jobs")).Should().Be(outcome == Outcome.Job);
        (Directory.Exists(_bench.PathOf("state/jobs")) ? Directory.GetFileSystemEntries(_bench.PathOf("state/jobs")) : []).Should().BeEmpty();
    }

    [Theory(Timeout = 120_000)]
    [InlineData("BUILD_FAILURE_EXIT_CODE", 1, StageBench.SystemFailure)]
    [InlineData("SYSTEM_FAILURE_EXIT_CODE", StageBench.BuildFailure, 2)]
    public async Task An_exit_code_that_is_garbage_means_the_runners_usual(string name, int buildFailure, int systemFailure)
    {
        _bench.WriteResponse("no-such-image");
        foreach (var garbage in new[] { "", " ", "0", "-1", "256", "1e1", "0x47", "4294967367", Shell, Terminal, "\u0663", new string('7', 100_000) })
        {
            _bench.Environment[name] = garbage;

            var (build, system) = (await _bench.RunAsync("config"), await _bench.RunAsync("run", "/nonexistent/script", "build_script"));

            build.ShouldBeTame();
            system.ShouldBeTame();
            (build.ExitCode, system.ExitCode).Should().Be((buildFailure, systemFailure), garbage);
        }
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/nonexistent/build_exit_code")]
    [InlineData("/proc/self/mem")]
    public async Task A_file_for_the_scripts_exit_code_that_cannot_be_one_is_a_system_failure(string path)
    {
        _bench.Environment["BUILD_EXIT_CODE_FILE"] = path;

        var exit = await _bench.RunAsync("run", _bench.PathOf("script"), "build_script");

        exit.ShouldBeTame();
        exit.ShouldFail(StageBench.SystemFailure, "VMX1503", path, "BUILD_EXIT_CODE_FILE");
    }

    [Fact]
    public async Task A_job_response_at_a_relative_path_is_none()
    {
        _bench.Environment["JOB_RESPONSE_FILE"] = "response.json";

        (await _bench.RunAsync("config")).ShouldFail(StageBench.SystemFailure, "VMX1003");
    }

    [Theory]
    [InlineData("a\nb", "VMX1901")]
    [InlineData("", "VMX1409")]
    [InlineData("/nonexistent/$(touch marker)", "VMX1409")]
    public async Task A_script_that_can_be_no_file_is_a_system_failure(string script, string code)
    {
        var before = _bench.Entries();

        var exit = await _bench.RunAsync("run", script, "$(touch marker)\u001b[31m\n<x/>");

        exit.ShouldBeTame();
        exit.ShouldFail(StageBench.SystemFailure, code);
        _bench.Entries().Should().Equal(before);
    }

    [Theory]
    [InlineData("config")]
    [InlineData("cleanup")]
    public async Task A_working_directory_with_a_line_break_in_its_name_does_not_matter(string stage)
    {
        _bench.WorkingDirectory = Directory.CreateDirectory(_bench.PathOf("a\nb$(touch marker)")).FullName;

        var exit = await _bench.RunAsync(stage);

        exit.ExitCode.Should().Be(0, exit.ToString());
    }

    [Theory]
    [InlineData("config")]
    [InlineData("cleanup")]
    public async Task A_working_directory_that_is_gone_does_not_matter(string stage)
    {
        var exit = await _bench.RunAfterAsync($"cd {Directory.CreateDirectory(_bench.PathOf("gone")).FullName}; rmdir ../gone", stage);

        exit.ExitCode.Should().Be(0, exit.ToString());
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_in_the_environment_are_no_bug()
    {
        const string Shell =
            "CUSTOM_ENV_CI_RUNNER_SHORT_TOKEN=$(printf 'a\\377\\303('); CUSTOM_ENV_X=$(printf '\\355\\240\\200'); TMPDIR=$(printf '/tmp/\\377'); export CUSTOM_ENV_CI_RUNNER_SHORT_TOKEN CUSTOM_ENV_X TMPDIR";

        foreach (var (stage, exitCode) in new[] { ("config", 0), ("cleanup", 0) })
        {
            var exit = await _bench.RunAfterAsync(Shell, stage);

            exit.ShouldBeTame();
            exit.ExitCode.Should().Be(exitCode, exit.ToString());
        }
    }

    private static void Expect(ProgramExit exit, int exitCode, string? code)
    {
        exit.ShouldBeTame();
        if (code is null)
        {
            exit.ExitCode.Should().Be(exitCode, exit.ToString());
        }
        else
        {
            exit.ShouldFail(exitCode, $"ERROR {code}");
        }
    }

    private static Attack Id(string json, Outcome outcome = Outcome.NoJob) => Attack.Content(outcome, $$"""{ "token": "{{StageBench.Canary}}", "id": {{json}} }""");

    private static Attack Timeout(string json) => Attack.Content(Outcome.Job, $$"""{ "id": 1, "runner_info": { "timeout": {{json}} } }""");

    private static Attack Project(string path) => Attack.Response(Outcome.Job, response => response["job_info"]!["project_full_path"] = path);

    private static Attack Repository(string url) => Attack.Response(Outcome.Job, response => response["git_info"]!["repo_url"] = url);

    private static Attack Token(string token) => Attack.Environment(Outcome.Job, "CUSTOM_ENV_CI_RUNNER_SHORT_TOKEN", token);

    private static JsonNode Variable(string key, string value) => new JsonObject { ["key"] = key, ["value"] = value };

    private static void MakePipe(string path)
    {
        File.Delete(path);
        using var mkfifo = Process.Start("mkfifo", [path]);
        mkfifo.WaitForExit();
        mkfifo.ExitCode.Should().Be(0);
    }
}
