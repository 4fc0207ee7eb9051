using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Images;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Templates and starts of VMs in <c>image list</c> and <c>image show</c>.</summary>
public sealed class ImageListTests : IDisposable
{
    private const string Unreachable = "qemu+unix:///system?socket=/nonexistent/libvirt-sock";

    private readonly StageBench _bench = new();

    public ImageListTests() => UseLibvirt(Unreachable);

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task An_image_without_templates_says_whether_it_should_have_some()
    {
        Publish("small", warm: true);
        Publish("other", warm: false);

        var list = await ListAsync();

        list.Should().MatchRegex("small .* none: run 'vm-executor image warm small' +ready").And.MatchRegex("other .* off +ready");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_template_is_shown_with_size_age_and_what_it_takes()
    {
        Publish("small", warm: true);
        WriteTemplate("small", "a", cpus: 1, mebibytes: 256);

        // libvirt cannot be asked, so nothing is said against it.
        (await ListAsync()).Should().MatchRegex(@"small .* 1 CPU, 256MiB \(3h00m\) 1\.0 MiB +ready");

        WriteTemplate("small", "b", cpus: 4, mebibytes: 2048);
        (await ListAsync()).Should().MatchRegex("small .* 2 templates +ready");
        (await RunAsync("show", "small")).Should().ContainAll(
            "  template     1 CPU, 256MiB (3h00m) 1.0 MiB, tcg, pc-q35-7.2, QEMU 7.2.22, libvirt 9.0.0\n", "  template     4 CPUs, 2GiB (", $"in {TemplateOf("small", "b")}\n");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_template_of_another_QEMU_or_libvirt_is_unusable()
    {
        UseLibvirt("test:///default");
        Publish("small", warm: true);
        WriteTemplate("small", "a", cpus: 1, mebibytes: 256);

        // The version of libvirt's test driver.
        (await ListAsync()).Should().Contain("UNUSABLE: QEMU changed 7.2.22 -> 0.0.2");
        (await RunAsync("show", "small")).Should().Contain("  UNUSABLE     QEMU changed 7.2.22 -> 0.0.2: run 'vm-executor image warm small'\n");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_template_whose_memory_was_written_to_is_unusable()
    {
        Publish("small", warm: true);
        WriteTemplate("small", "a", cpus: 1, mebibytes: 256);
        WriteTemplate("small", "b", cpus: 2, mebibytes: 256);
        File.AppendAllText($"{TemplateOf("small", "a")}/ram.img", "x");

        (await ListAsync()).Should().Contain("1 of 2 templates UNUSABLE: ram.img was changed");
        (await RunAsync("show", "small")).Should().Contain($"  UNUSABLE     {TemplateOf("small", "a")}/ram.img was changed: run 'vm-executor image warm small'\n");
    }

    [Fact(Timeout = 60_000)]
    public async Task Templates_that_are_not_wanted_any_more_are_told_by_what_they_take()
    {
        Publish("small", warm: false);
        WriteTemplate("small", "a", cpus: 1, mebibytes: 256);

        (await ListAsync()).Should().MatchRegex(@"small .* off \(1 template, 1\.0 MiB\)");
    }

    [Fact(Timeout = 60_000)]
    public async Task Starts_of_VMs_are_counted_over_all_files_of_the_ledger()
    {
        Publish("small", warm: true);
        _bench.Write("state/ledger.1.jsonl", Line("small", "warm", null) + Line("small", "cold", "no_template"));
        _bench.Write("state/ledger.jsonl", Line("small", "warm", null) + Line("small", "cold", "no_template") + Line("small", "cold", "timed_out") + Line("other", "cold", null));

        (await RunAsync("show", "small")).Should().Contain("  starts       warm 2, cold 3: 2 no_template, 1 timed_out (since ");
        (await RunAsync("show", "other")).Should().Contain("  starts       warm 0, cold 1: 1 with warm off (since ");
        using var json = JsonDocument.Parse(await RunAsync("show", "small", "--json"));
        var starts = json.RootElement.GetProperty("images")[0].GetProperty("starts");
        starts.GetProperty("warm").GetInt32().Should().Be(2);
        starts.GetProperty("cold").GetInt32().Should().Be(3);
        starts.GetProperty("cold_reasons").GetProperty("no_template").GetInt32().Should().Be(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_JSON_has_all_that_the_table_has()
    {
        UseLibvirt("test:///default");
        Publish("small", warm: true);
        WriteTemplate("small", "a", cpus: 1, mebibytes: 256);

        using var json = JsonDocument.Parse(await RunAsync("list", "--json"));

        var images = json.RootElement.GetProperty("images").EnumerateArray().ToDictionary(one => one.GetProperty("image").GetString()!);
        images["other"].GetProperty("warm_enabled").GetBoolean().Should().BeFalse();
        images["small"].GetProperty("warm_enabled").GetBoolean().Should().BeTrue();
        var template = images["small"].GetProperty("generations")[0].GetProperty("templates")[0];
        template.GetProperty("directory").GetString().Should().Be(TemplateOf("small", "a"));
        template.GetProperty("cpus").GetInt32().Should().Be(1);
        template.GetProperty("memory_bytes").GetInt64().Should().Be(256L << 20);
        template.GetProperty("disk_bytes").GetInt64().Should().BeGreaterThanOrEqualTo(1 << 20);
        template.GetProperty("qemu").GetString().Should().Be("7.2.22");
        template.GetProperty("troubles")[0].GetString().Should().Be("QEMU changed 7.2.22 -> 0.0.2");
    }

    private Task<string> ListAsync() => RunAsync("list");

    private async Task<string> RunAsync(params string[] arguments)
    {
        var exit = await _bench.RunAsync(["image", .. arguments]);
        exit.ExitCode.Should().Be(0, exit.ToString());
        return exit.Output;
    }

    private string TemplateOf(string image, string fingerprint) => _bench.PathOf($"state/images/{image}/1/warm/{fingerprint}");

    private void UseLibvirt(string uri) =>
        _bench.Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\nlibvirt:\n  uri: {uri}\n");

    /// <summary>As if it had been published; its machine is not looked into.</summary>
    private void Publish(string image, bool warm)
    {
        var record = new GenerationRecord
        {
            Image = image,
            Number = 1,
            Published = DateTimeOffset.UtcNow.AddDays(-1),
            Driver = "vm-executor test",
            SourceKind = "file",
            Source = "base.qcow2",
            SourceFingerprint = "f",
            Files = [],
            Probe = new ProbeRecord(DateTimeOffset.UtcNow, 1, []),
        };
        _bench.Write($"state/images/{image}/1/image.json", record.ToJson());
        _bench.Write($"state/images/{image}/1/domain.xml", "<domain/>");
        _bench.Write($"state/images/{image}/current", "1\n");
        if (warm)
        {
            File.AppendAllText(_bench.PathOf($"images/{image}.yaml"), "warm: {enabled: true}\n");
        }
    }

    private void WriteTemplate(string image, string fingerprint, int cpus, int mebibytes)
    {
        var directory = $"state/images/{image}/1/warm/{fingerprint}";
        _bench.Write($"{directory}/domain.xml", "<domain/>");
        _bench.Write($"{directory}/ram.img", new string('m', 1 << 20));
        var ram = new AbsolutePath(_bench.PathOf($"{directory}/ram.img"));
        var record = new TemplateRecord
        {
            Shape = new TemplateShape
            {
                Qemu = "7.2.22",
                Libvirt = "9.0.0",
                Accelerator = "tcg",
                Cpu = "qemu64",
                Machine = "pc-q35-7.2",
                Cpus = cpus,
                MemoryBytes = (long)mebibytes << 20,
                DiskBytes = 1 << 30,
                Devices = "d",
            },
            Made = DateTimeOffset.UtcNow.AddHours(-3),
            Driver = "vm-executor test",
            Files = [GenerationFiles.Describe("ram", "ram.img", null, null, ram)],
            HostKeys = [],
            LoginShell = "/bin/sh",
        };
        _bench.Write($"{directory}/template.json", record.ToJson());
    }

    private static string Line(string image, string start, string? reason) => new LedgerEntry
    {
        Job = "abc-1-ffffff",
        Image = image,
        Start = start,
        ColdReason = reason,
        Result = "success",
        RemovedBy = "cleanup",
        Ready = DateTimeOffset.UnixEpoch,
        Removed = DateTimeOffset.UnixEpoch,
        CleanupSeconds = 0,
        RemovedParts = [],
    }.ToLine();
}
