using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.Program.Tests.Docs;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Drivers;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>docs/files.md is compared with the files that are really there at each moment of a job, in the state directory, elsewhere on the host and in the guest.</summary>
[AlwaysCold("it says of each job itself how it starts")]
public sealed class FilesTests(TestMachine machine) : WarmTest(machine)
{
    private const string LookInGuest = """for f in ~/.* ~/* "${TMPDIR:-/tmp}"/.* "${TMPDIR:-/tmp}"/*; do case $f in ~/*) echo "look:~${f#"$HOME"}" ;; *) echo "look:\$TMPDIR/${f##*/}" ;; esac; done""";

    private static readonly string[] OfAnyStart =
    [
        "log/", "log/vm-executor.jsonl", "locks/", "locks/jobs", "locks/records", "locks/log", "locks/capacity", "locks/queue", "jobs/", "jobs/<job key>/", "jobs/<job key>/job.json",
        "jobs/<job key>/<disk>.qcow2", "jobs/<job key>/console.log", "jobs/<job key>/known_hosts", "jobs/<job key>/ssh.sock", "jobs/<job key>/ssh.log",
    ];

    private static readonly string[] OfLibvirt =
    [
        "/var/log/libvirt/qemu/<clone>.log", "/run/libvirt/qemu/<clone>.pid", "/run/libvirt/qemu/<clone>.xml", "/var/lib/libvirt/qemu/domain-<number>-<clone>/",
        "/var/lib/libvirt/qemu/domain-<number>-<clone>/master-key.aes", "/var/lib/libvirt/qemu/domain-<number>-<clone>/monitor.sock",

        // Newer ones have it in /run.
        Directory.Exists("/run/libvirt/qemu/channel") ? "/run/libvirt/qemu/channel/<number>-<clone>/" : "/var/lib/libvirt/qemu/channel/target/domain-<number>-<clone>/",
    ];

    private readonly FilesPage _page = FilesPage.Read(BuiltDriver.Checkout());

    [Fact(Timeout = HangLimit)]
    public async Task Each_file_of_a_job_that_boots_is_in_the_page_at_each_moment_and_none_is_left_but_those_that_stay()
    {
        Bench.With(new ImageYaml { Login = "cloud-init" }).Configure($"keep_scripts: {{for: 1h}}\nmetrics: {{file: {Bench.StateDirectory}/../vm-executor.prom}}\n");
        var session = Bench.Open(new SimulatedJob { Id = 621 });

        (await session.ConfigAsync()).ShouldSucceed();
        (await LookAsync()).Should().BeEmpty("config makes nothing");
        (await session.PrepareAsync()).ShouldSucceed();
        string[] prepared =
        [
            .. OfAnyStart, "jobs/<job key>/id_ed25519", "jobs/<job key>/<name>.pub", "jobs/<job key>/seed.iso", .. OfLibvirt,
        ];
        (await LookAsync()).Should().BeEquivalentTo(prepared);
        var inGuest = await RunAsync(session, "build_script", exitCode: 3);
        inGuest.Should().BeEquivalentTo("~/.vmx-clone", "$TMPDIR/.vmx-clone", "$TMPDIR/vmx-<token>-script", "$TMPDIR/vmx-<token>-memory");
        (await LookAsync()).Should().BeEquivalentTo([.. prepared, "jobs/<job key>/scripts.jsonl", "jobs/<job key>/scripts/…", "locks/scripts"]);
        Directory.GetFileSystemEntries(session.TempDirectory!).Select(Path.GetFileName).Where(name => !name!.StartsWith("script", StringComparison.Ordinal))
            .Should().BeSubsetOf(["response.json", "build_exit_code"], "all else would be the driver's");
        session.SetStatus("failed");
        (await session.CleanupAsync()).ShouldSucceed();

        (await LookAsync()).Should().BeEquivalentTo(
            "jobs/", "locks/", "locks/jobs", "locks/records", "locks/log", "locks/capacity", "locks/queue", "locks/scripts", "locks/ledger", "locks/metrics", "log/", "log/vm-executor.jsonl", "ledger.jsonl",
            "metrics.json", "kept-scripts/", "kept-scripts/<job key>/", "kept-scripts/<job key>/kept.json", "kept-scripts/<job key>/<number>-<sub-stage>");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Each_file_of_a_job_that_wakes_up_and_of_its_template_is_in_the_page()
    {
        string[] published =
        [
            "images/", "images/<image>/", "images/<image>/current", "images/<image>/<generation>/", "images/<image>/<generation>/image.json", "images/<image>/<generation>/domain.xml",
            "images/<image>/<generation>/<disk>.disk", "images/<image>/<generation>/kernel", "images/<image>/<generation>/initrd", "images/<image>/<generation>/warm/",
            "images/<image>/<generation>/warm/<fingerprint>/", "images/<image>/<generation>/warm/<fingerprint>/template.json", "images/<image>/<generation>/warm/<fingerprint>/domain.xml",
            "images/<image>/<generation>/warm/<fingerprint>/ram.img", "images/<image>/<generation>/warm/<fingerprint>/state.bin", "images/<image>/<generation>/warm/<fingerprint>/<disk>.qcow2",
        ];
        await (await Machine.WarmImagesAsync()).LinkToAsync(Bench.StateDirectory);
        Bench.With(new ImageYaml { IsWarm = true, WarmLimit = "120s" });
        (await LookAsync()).Should().BeEquivalentTo(published);

        var session = await PrepareAsync(622);
        JobRecord(622).GetProperty("start").GetString().Should().Be("warm");
        (await LookAsync()).Should().BeEquivalentTo([.. published, .. OfAnyStart, .. OfLibvirt]);
        (await RunAsync(session, "build_script", exitCode: 0)).Should().BeEquivalentTo(
            ["~/.vmx-clone", "$TMPDIR/.vmx-clone", "$TMPDIR/vmx-<token>-script", "$TMPDIR/vmx-<token>-memory", "$TMPDIR/vmx-<token>-status"], "the template's warm-up was a script, too");
        await CleanUpAsync(session);

        (await LookAsync()).Should().BeEquivalentTo(
            [.. published, "jobs/", "locks/", "locks/jobs", "locks/records", "locks/log", "locks/capacity", "locks/queue", "locks/scripts", "locks/ledger", "log/", "log/vm-executor.jsonl", "ledger.jsonl"]);
    }

    /// <summary>Runs a script that looks around in its guest, and looks around on the host meanwhile.</summary>
    /// <returns>The page's rows for the guest's files.</returns>
    private async Task<IReadOnlyList<string>> RunAsync(JobSession session, string subStage, int exitCode)
    {
        var run = await session.RunAsync(subStage, $"{LookInGuest}; exit {exitCode}");
        (run.ExitCode == 0).Should().Be(exitCode == 0, run.ToString());
        var names = run.OutputText.Split('\n').Where(line => line.StartsWith("look:", StringComparison.Ordinal)).Select(line => line[5..]).Where(name => name.Contains("vmx", StringComparison.Ordinal));
        return [.. names.Select(Row).Distinct()];
    }

    /// <summary>The page's rows, seen from the state directory, for all files that are there now in it, and elsewhere under this bench's names.</summary>
    private async Task<IReadOnlyList<string>> LookAsync()
    {
        // Its token is in the name of each clone, also where libvirt cuts that. Files of others may go while find looks; then it says so and goes on.
        var (_, elsewhere, _) = await HostCommand.TryAsync(
            "find", "/run", "/tmp", "/var/tmp", "/dev/shm", "/var/lib/libvirt", "/var/log", "/var/cache/libvirt", "/etc", "/root",
            "-xdev", "-path", $"*{Bench.Token}*", "-not", "-path", $"{Path.GetDirectoryName(Bench.StateDirectory)}*");
        return [.. Directory.GetFileSystemEntries(Bench.StateDirectory, "*", SearchOption.AllDirectories).Concat(elsewhere.Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(Row).Distinct()];
    }

    private string Row(string path) =>
        (_page.Find(path, ("<state_dir>", Bench.StateDirectory)) ?? throw new InvalidOperationException($"docs/files.md has no row for {path}")).Replace("<state_dir>/", "");
}
