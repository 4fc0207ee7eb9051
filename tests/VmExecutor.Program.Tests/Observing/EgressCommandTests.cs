using FluentAssertions;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Observing;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

/// <summary>The real program's list of what jobs wanted to reach, and its refusal of policies that cannot be kept.</summary>
public sealed class EgressCommandTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task Names_and_addresses_are_listed_with_counts_and_a_list_for_the_image()
    {
        var entry = new LedgerEntry
        {
            Job = "a",
            Image = "base",
            Result = "success",
            RemovedBy = "cleanup",
            Removed = DateTimeOffset.UtcNow.AddHours(-30),
            CleanupSeconds = 1,
            RemovedParts = [],
            Egress = new EgressNotes { Policy = "base", Watches = true, Allowed = new() { ["git.example.test"] = 3 }, Refused = new() { ["192.0.2.9:443"] = 2, ["evil.test"] = 1 } },
        };
        _bench.Write("state/ledger.jsonl", entry.ToLine());

        var all = await _bench.RunAsync("egress", "--image", "base");
        var late = await _bench.RunAsync("egress", "--since", "1d");
        var wrong = await _bench.RunAsync("egress", "--since", "soon");

        all.Should().BeEquivalentTo(new ProgramExit(
            0,
            """
            image base, policy 'base' (watch), 1 job
              allowed                 3  git.example.test
              would be refused        2  192.0.2.9:443
              would be refused        1  evil.test
              egress: {allow: ['192.0.2.9/32:443', 'evil.test', 'git.example.test']}

            """,
            ""));
        late.Output.Should().StartWith("no job with an egress policy has ended in this time");
        wrong.ShouldFail(StageBench.SystemFailure, "VMX1901", "'--since soon' is no time");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_policy_that_a_proxy_keeps_is_noted_by_check_and_one_that_only_watches_is_refused_there()
    {
        _bench.Write("images/closed.yaml", "source: file\nfile: x.qcow2\nssh: {user: ci, login: cloud-init}\negress: {allow: .example.test}\n");
        _bench.Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nlibvirt: {{uri: 'qemu:///session'}}\n");
        var closed = await _bench.RunAsync("check");
        _bench.Write("images/closed.yaml", "source: file\nfile: x.qcow2\nssh: {user: ci, login: cloud-init}\negress: {mode: watch}\n");

        var watching = await _bench.RunAsync("check");

        closed.ExitCode.Should().Be(0, closed.ToString());
        closed.Output.Should().Contain("note: the egress policy of image closed is kept by a proxy: only programs");
        watching.ShouldFail(StageBench.SystemFailure, "VMX1804", "image closed cannot be kept");
    }
}
