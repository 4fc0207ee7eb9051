using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>All the reasons for which a job of an image with templates is started cold: it succeeds, and its log says why.</summary>
[AlwaysCold("its templates are its own, and of no use")]
public sealed class WarmFallbackTests(TestMachine machine) : WarmTest(machine)
{
    private const int Job = 431;
    private const UnixFileMode Nobody = 0;

    private static readonly ImageYaml Warm = new() { IsWarm = true };

    [Fact(Timeout = HangLimit, Explicit = true)]
    public Task Without_a_template_the_command_that_makes_one_is_named() => FallsBackAsync(
        "no_template",
        "image 'small' has no template for its current generation: run 'vm-executor image warm small'",
        template => Task.Run(() => Directory.Delete(template.Directory, recursive: true)));

    [Fact(Timeout = HangLimit, Explicit = true)]
    public Task A_size_without_a_template_is_named() => FallsBackAsync(
        "size",
        "no template for 2 CPUs, 256MiB memory",
        _ => Task.CompletedTask,
        Warm with { Further = ["sizes:", "  max_cpus: 2"] },
        new SimulatedJob { Id = Job, Variables = [new("VM_CPUS", "2")] });

    [Fact(Timeout = HangLimit, Explicit = true)]
    public Task Memory_that_was_written_to_is_not_trusted() => FallsBackAsync(
        "damaged",
        "ram.img was changed",
        async template =>
        {
            await template.ExchangeAsync("ram.img", _ => Task.CompletedTask);
            await HostCommand.OutputAsync("touch", Path.Combine(template.Directory, "ram.img"));
        });

    [Fact(Timeout = HangLimit)]
    public Task A_state_that_QEMU_does_not_take_is_left_behind() => FallsBackAsync(
        "failed",
        "the warm start failed: VMX1310",
        template => template.ExchangeAsync("state.bin", file => SpoilAsync(file, 0x1000)));

    [Fact(Timeout = HangLimit, Explicit = true)]
    public Task Another_QEMU_than_the_templates_is_named_with_both_versions() => FallsBackAsync(
        "qemu_changed",
        "QEMU changed 6.0.66 -> ",
        async template =>
        {
            await template.EditAsync(record => record["shape"]!["qemu"] = "6.0.66");
            template.Rename("0123456789abcdef");
        });

    [Fact(Timeout = HangLimit)]
    public Task Memory_that_QEMUs_user_may_not_open_is_told_as_that() => FallsBackAsync(
        "refused",
        "the warm start failed: VMX1309",
        template => template.ExchangeAsync("ram.img", async file =>
        {
            await HostCommand.OutputAsync("chown", "root:root", file);
            File.SetUnixFileMode(file, Nobody);
        }));

    [Fact(Timeout = HangLimit)]
    public async Task A_guest_that_hangs_after_it_woke_up_is_given_up_in_time()
    {
        // Its state is loaded and it runs when the driver is to log in: the first login finds it halted. The one that boots after it is not.
        var halted = Path.Combine(Bench.MakeDirectory("halting"), "halted");
        Bench.Wrap("ssh", $$"""
            [[ "$*" =~ HostKeyAlias=([^ ]+) ]] && mkdir {{halted}} 2>/dev/null && virsh -c qemu:///system suspend "${BASH_REMATCH[1]}" > {{halted}}/said 2>&1
            exec "$TOOL" "$@"
            """);

        await FallsBackAsync("timed_out", "the guest did not wake up within 8s ('timeouts: warm' in ", _ => Task.CompletedTask, Warm with { WarmLimit = "8s" });

        (await File.ReadAllTextAsync(Path.Combine(halted, "said"), TestContext.Current.CancellationToken)).Should().Contain("suspended", "else no guest hung");
    }

    private static async Task SpoilAsync(string file, int offset)
    {
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var stream = File.OpenWrite(file);
        stream.Seek(offset, SeekOrigin.Begin);
        await stream.WriteAsync(Enumerable.Repeat((byte)0xa5, 0x1000).ToArray());
    }

    private async Task FallsBackAsync(string word, string text, Func<PrivateTemplate, Task> spoil, ImageYaml? image = null, SimulatedJob? job = null)
    {
        await spoil(await PrivateTemplate.MakeAsync(await Machine.WarmImagesAsync(), Bench.StateDirectory));
        Bench.With(image ?? Warm);
        var session = Bench.Open(job ?? new SimulatedJob { Id = Job });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync();
        prepare.ShouldSucceed();
        var record = JobRecord(Job);
        var run = await session.RunAsync(SubStages.BuildScript, "exit 7");
        await CleanUpAsync(session);

        var lines = (prepare.OutputText + prepare.ErrorText).Split('\n').Where(line => line.Contains("cold start: ", StringComparison.Ordinal));
        lines.Should().ContainSingle(prepare.ToString()).Which.Should().Contain(text);
        run.Reading.ExitCode.Should().Be(7, run.ToString());
        (record.GetProperty("start").GetString(), record.GetProperty("cold_reason").GetString()).Should().Be(("cold", word));
        var entry = JsonDocument.Parse(File.ReadLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl")).Should().ContainSingle().Which).RootElement;
        (entry.GetProperty("start").GetString(), entry.GetProperty("cold_reason").GetString()).Should().Be(("cold", word));
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }
}
