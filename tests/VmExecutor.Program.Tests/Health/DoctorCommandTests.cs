using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Program.Tests.Health;

/// <summary><c>doctor</c> as a process, on hosts where something is wrong.</summary>
public sealed class DoctorCommandTests : IDisposable
{
    private const string Unreachable = "qemu+unix:///system?socket=/nonexistent/libvirt-sock";

    private readonly StageBench _bench = new();

    public DoctorCommandTests()
    {
        // The hostile environment of other tests' stages is not a person's, and qemu-img's words are these.
        Tool("qemu-img", """
            case $1 in --version) echo 'qemu-img version 7.2.22 (Debian)' ;;
            *) for last; do :; done; echo "[{\"filename\": \"$last\", \"format\": \"qcow2\", \"virtual-size\": 1073741824}]" ;; esac
            """);
        _bench.Environment["PATH"] = $"{_bench.PathOf("bin")}:/usr/bin:/bin";
        File.SetUnixFileMode(_bench.PathOf("key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task Each_finding_has_a_word_a_status_what_was_found_and_what_helps()
    {
        var (exitCode, findings) = await DoctorAsync();

        exitCode.Should().Be(2, "libvirt's test driver runs no VMs");
        findings.Should().OnlyContain(finding => finding.Link == $"docs/doctor.md#{finding.Check}" && finding.Found.Length > 0);
        findings.Where(finding => finding.Status is "warning" or "problem").Should().OnlyContain(finding => finding.Fix != null);
        findings.Where(finding => finding.Check == "config").Should().HaveCount(2).And.OnlyContain(finding => finding.Status == "warning" && finding.Found.Contains("ssh.host_key"), "the bench's images have none");
        One(findings, "libvirt").Found.Should().Contain("answers at test:///default");
        One(findings, "qemu").Should().Match<Line>(finding => finding.Status == "problem" && finding.Fix!.StartsWith("libvirt: {uri: 'qemu:///system'}"));
        One(findings, "runner-config").Status.Should().Be("warning", "there is none: " + One(findings, "runner-config").Found);
        One(findings, "guest-start").Should().Match<Line>(finding => finding.Status == "skipped" && finding.Fix == "vm-executor doctor --deep");
        One(findings, "ssh-keys").Status.Should().Be("ok");
        One(findings, "leftovers").Status.Should().Be("ok");
        findings.Where(finding => finding.Check == "images").Should().HaveCount(2).And.OnlyContain(finding => finding.Status == "warning" && finding.Found.Contains("never published"));
    }

    [Fact(Timeout = 60_000)]
    public async Task In_a_pipe_it_is_plain_text_by_topic()
    {
        var exit = await _bench.RunAsync("doctor");

        exit.Output.Should().StartWith("host\n  warning config ").And.Contain("\nlibvirt\n").And.Contain("\nleftovers\n").And.MatchRegex("\n[0-9]+ ok, [0-9]+ warnings?, [0-9]+ problems?, [0-9]+ skipped\n$");
        exit.Output.Should().Contain("      fix: vm-executor image publish small\n      see: docs/doctor.md#images\n");
        exit.Error.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_broken_configuration_is_told_with_its_lines_and_the_rest_is_looked_at_all_the_same()
    {
        _bench.Write("vm-executor.yaml", "state_dri: /x\nlibvirt:\n  call_timeout: soon\n");

        var (exitCode, findings) = await DoctorAsync();

        exitCode.Should().Be(2);
        findings.Where(finding => finding.Check == "config").Select(finding => finding.Found).Should().HaveCount(2)
            .And.Contain(found => found.Contains("vm-executor.yaml:1:1") && found.Contains("state_dir")).And.Contain(found => found.Contains("vm-executor.yaml:3:"));
        One(findings, "config", found: "state_dri").Fix.Should().StartWith("editor +1 ");
        foreach (var needy in new[] { "state-dir", "base-files", "disk-space", "images", "templates", "leftovers", "runner-user" })
        {
            One(findings, needy).Status.Should().Be("skipped", needy);
        }

        One(findings, "ssh").Status.Should().Be("ok");
        One(findings, "qemu-img").Status.Should().Be("ok");
        One(findings, "memory").Status.Should().Be("ok");
        findings.Should().Contain(finding => finding.Check == "libvirt").And.Contain(finding => finding.Check == "clock");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_error_in_one_image_leaves_what_needs_no_image()
    {
        _bench.Write("images/small.yaml", "source: [\n");

        var (_, findings) = await DoctorAsync();

        One(findings, "config").Should().Match<Line>(finding => finding.Status == "problem" && finding.Found.Contains("small.yaml:"));
        One(findings, "images").Status.Should().Be("skipped");
        One(findings, "disk-space").Status.Should().NotBe("skipped");
        One(findings, "leftovers").Status.Should().Be("ok");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_missing_configuration_is_a_problem_like_others()
    {
        _bench.Environment["VM_EXECUTOR_CONFIG"] = "/nonexistent/vm-executor.yaml";

        var (exitCode, findings) = await DoctorAsync();

        exitCode.Should().Be(2);
        One(findings, "config").Should().Match<Line>(finding => finding.Found.Contains("VMX1102") && finding.Fix == "install -D -m 0644 config/vm-executor.yaml '/nonexistent/vm-executor.yaml'");
        One(findings, "ssh").Status.Should().Be("ok");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_libvirt_that_is_not_there_is_told_once()
    {
        UseLibvirt(Unreachable);

        var (exitCode, findings) = await DoctorAsync();

        exitCode.Should().Be(2);
        One(findings, "libvirt").Should().Match<Line>(finding => finding.Status == "problem" && finding.Found.Contains("VMX1301") && finding.Fix!.Contains("systemctl start libvirtd"));
        foreach (var needy in new[] { "qemu", "network", "leftovers", "socket" })
        {
            One(findings, needy).Should().Match<Line>(finding => finding.Status == "skipped" && finding.Found.Contains("see 'libvirt'"), needy);
        }

        One(findings, "qemu-img").Status.Should().Be("ok");
        findings.Should().Contain(finding => finding.Check == "images" && finding.Status == "warning");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_network_of_libvirts_that_is_not_there_is_told()
    {
        File.AppendAllText(_bench.PathOf("images/small.yaml"), "network: {mode: libvirt, name: lan}\n");
        File.AppendAllText(_bench.PathOf("images/other.yaml"), "network: {mode: libvirt}\n");

        var (_, findings) = await DoctorAsync();

        One(findings, "network", found: "'lan'").Should().Match<Line>(finding => finding.Status == "problem" && finding.Found.Contains("image small"));
        One(findings, "network", found: "'default' is active").Status.Should().NotBe("problem", "libvirt's test driver has it");
        One(findings, "loopback").Status.Should().Be("ok");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_tool_that_hangs_and_one_that_fails_stop_no_other_check()
    {
        Tool("qemu-img", "case $1 in --version) exec sleep 1000 ;; esac; exit 3");
        Tool("ssh", "echo 'Segmentation fault' >&2; exit 139");

        var (exitCode, findings) = await DoctorAsync();

        exitCode.Should().Be(2);
        One(findings, "qemu-img").Should().Match<Line>(finding => finding.Status == "problem" && finding.Found.Contains("did not end within"));
        findings.Where(finding => finding.Check == "base-files").Should().HaveCount(2).And.OnlyContain(finding => finding.Status == "problem" && finding.Found.Contains("qemu-img info"));
        One(findings, "ssh").Should().Match<Line>(finding => finding.Status == "problem" && finding.Found.Contains("139") && finding.Found.Contains("Segmentation fault"));
        One(findings, "disk-space").Status.Should().Be("ok");
        One(findings, "leftovers").Status.Should().Be("ok");
    }

    [Fact(Timeout = 60_000)]
    public async Task Keys_and_files_that_cannot_be_used_are_named_with_the_command_that_helps()
    {
        File.SetUnixFileMode(_bench.PathOf("key"), UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.AppendAllText(_bench.PathOf("images/other.yaml"), "prepare_hook: {script: /nonexistent/hook.sh}\n");

        var (_, findings) = await DoctorAsync();

        One(findings, "ssh-keys").Should().Match<Line>(finding => finding.Status == "problem" && finding.Found.Contains("mode 444") && finding.Fix == $"chmod 600 '{_bench.PathOf("key")}'");
        One(findings, "images", found: "/nonexistent/hook.sh").Should().Match<Line>(finding => finding.Status == "problem" && finding.Found.Contains("'other'"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_full_disk_and_a_small_host_are_told_by_the_limits()
    {
        File.AppendAllText(_bench.PathOf("vm-executor.yaml"), "limits: {disk_headroom: 900TiB, memory_headroom: 1TiB}\n");
        File.AppendAllText(_bench.PathOf("images/small.yaml"), "memory: 512MiB\n");

        var (_, findings) = await DoctorAsync();

        One(findings, "disk-space").Should().Match<Line>(finding => finding.Status == "problem" && finding.Found.Contains("VMX1511"));
        findings.Should().Contain(finding => finding.Check == "memory" && finding.Status == "problem" && finding.Found.Contains("image 'small' takes 512MiB"));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_emulated_TPM_is_looked_at_where_an_image_has_one()
    {
        (await DoctorAsync()).Findings.Should().NotContain(finding => finding.Check == "tpm");

        _bench.Write("node.xml", "<node><domain type='test'><name>win</name><memory>8192</memory><os><type>hvm</type></os><devices><tpm model='tpm-crb'><backend type='emulator'/></tpm></devices></domain></node>");
        _bench.Write("images/other.yaml", $"source: domain\ndomain: win\nssh: {{user: ci, key: {_bench.PathOf("key")}}}\n");
        UseLibvirt($"test://{_bench.PathOf("node.xml")}");

        // Whether it can work depends on the machine that the tests run on.
        One((await DoctorAsync()).Findings, "tpm").Found.Should().StartWith("image other has an emulated TPM");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_leftover_is_counted()
    {
        var left = _bench.PathOf($"state/jobs/.gone-{new JobKey("https://gitlab.example.com", "prgtest", 4711)}-89abcdef");
        Directory.CreateDirectory(left);

        var (_, findings) = await DoctorAsync();

        One(findings, "leftovers").Should().Match<Line>(finding => finding.Status == "warning" && finding.Found.StartsWith("1 leftover") && finding.Fix == "vm-executor gc");
        Directory.Exists(left).Should().BeTrue("doctor only looks");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("VMX1901", "doctor", "--reach", "nowhere", "--deep")]
    [InlineData("VMX1901", "doctor", "--image", "small")]
    [InlineData("VMX1901", "doctor", "--deep", "--image", "smal")]
    [InlineData("VMX1901", "doctor", "--deeper")]
    public async Task A_command_line_that_it_does_not_understand_is_refused(string code, params string[] arguments)
    {
        var exit = await _bench.RunAsync(arguments);

        exit.ShouldFail(StageBench.SystemFailure, code);
    }

    private void UseLibvirt(string uri) =>
        _bench.Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\nlibvirt:\n  uri: {uri}\n");

    private void Tool(string name, string script) => _bench.WriteProgram($"bin/{name}", $"#!/bin/sh\n{script}\n");

    private Task<(int ExitCode, IReadOnlyList<Line> Findings)> DoctorAsync() => Doctor.RunAsync(_bench);

    private static Line One(IReadOnlyList<Line> findings, string check, string found = "") =>
        findings.Where(finding => finding.Check == check && finding.Found.Contains(found, StringComparison.Ordinal)).Should().ContainSingle($"{check}:\n{string.Join('\n', findings)}").Which;
}

/// <summary>One finding of <c>doctor --json</c>.</summary>
internal sealed record Line(string Check, string Status, string Found, string? Fix, string Link);

internal static class Doctor
{
    public static async Task<(int ExitCode, IReadOnlyList<Line> Findings)> RunAsync(StageBench bench, params string[] arguments)
    {
        var exit = await bench.RunAsync(["doctor", "--json", .. arguments]);
        using var json = JsonDocument.Parse(exit.Output);
        var findings = json.RootElement.GetProperty("findings").EnumerateArray()
            .Select(finding => new Line(Text(finding, "check")!, Text(finding, "status")!, Text(finding, "found")!, Text(finding, "fix"), Text(finding, "link")!)).ToList();
        json.RootElement.GetProperty("problems").GetInt32().Should().Be(findings.Count(finding => finding.Status == "problem"));
        return (exit.ExitCode, findings);

        static string? Text(JsonElement finding, string name) => finding.GetProperty(name).GetString();
    }
}
