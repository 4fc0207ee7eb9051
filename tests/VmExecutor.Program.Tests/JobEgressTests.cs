using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Egress;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Users;
using VmExecutor.Stages;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The end of a sub-stage under an egress policy.</summary>
public sealed class JobEgressTests : IDisposable
{
    private static readonly VmUser User = new("vm-executor-g0", 3_800_000_001, 3_800_000_001, 0);
    private static readonly EgressPolicy Policy = new("base", false, []);

    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-egress-").FullName);
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => Directory.Delete(_state.Value, recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task A_cancelled_sub_stage_waits_a_second_for_what_was_refused()
    {
        var tools = new HangingTools();
        var wall = new EgressWall(LibvirtUri.System, new VmUsers(UserPerVm.Auto, () => new VmUserChoice(new VmUserPool([User], 0), null), _state.Child("claims"), _time), tools, _time)
        {
            Directory = _state.Child("egress"),
        };
        var egress = new JobEgress(wall, Policy, new EgressPlace(User), JobDirectory.Of(_state, new JobKey("https://gitlab.example.com", "egress", 1)), _time);
        List<string> said = [];
        using var cancelled = new CancellationTokenSource();

        var telling = egress.TellAsync(said.Add, cancelled.Token);
        await tools.Asked;
        _time.Advance(TimeSpan.FromSeconds(2));
        telling.IsCompleted.Should().BeFalse("a sub-stage that was not cancelled has more time");
        await cancelled.CancelAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        await telling;

        said.Should().ContainSingle().Which.Should().StartWith("what the egress policy 'base' refused is not known");
    }

    /// <summary>A tool that ends when it is ended.</summary>
    private sealed class HangingTools : IToolRunner
    {
        private readonly TaskCompletionSource _asked = new();

        public Task Asked => _asked.Task;

        public async Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        }
    }
}
