using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Leftovers;
using VmExecutor.Host.Leftovers;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>A job's directory whose record is lost.</summary>
public sealed class LostRecordTests : IDisposable
{
    private readonly StageWorld _world = new();

    private string Directory_ => _world.JobDirectory.Paths.Directory.Value;

    public void Dispose() => _world.Dispose();

    /// <summary>As a power cut leaves it: nothing of the record, a part, or blocks of zeros.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData("{\"stamp\": {\"key\": \"abc-1-")]
    [InlineData("\0\0\0\0")]
    [InlineData("null")]
    [InlineData("[]")]
    public async Task Whatever_the_driver_may_have_put_beside_a_lost_record_is_no_reason_to_keep_it(string record)
    {
        await _world.PrepareAsync();
        _world.Processes.Running.Clear();
        _world.Hypervisor.Domains.Clear();
        foreach (var directory in new[] { JobFiles.ScriptTexts, JobFiles.SeedFiles, JobFiles.Trial })
        {
            Directory.CreateDirectory(Path.Combine(Directory_, directory.Name, "content"));
            await File.WriteAllTextAsync(Path.Combine(Directory_, directory.Name, "content", "any name"), "secret");
        }

        string[] derived =
        [
            "vda.qcow2", "sdb.qcow2", "id_ed25519.pub", "console.log.0", "known_hosts.old", "ssh.sock.Zt4mW0aXy2PqLr7k",
            $"job.json.{Guid.NewGuid():N}.tmp", $"known_hosts.{Guid.NewGuid():N}.tmp",
        ];
        foreach (var name in JobFiles.All.Where(file => !file.IsEnding && !Directory.Exists(Path.Combine(Directory_, file.Name))).Select(file => file.Name).Concat(derived))
        {
            await File.WriteAllTextAsync(Path.Combine(Directory_, name), "content");
        }

        await File.WriteAllTextAsync(_world.JobDirectory.Paths.Record.Value, record);

        (await _world.CollectAsync()).Leftovers.Should().ContainSingle().Which.Should().Match<CollectedLeftover>(
            leftover => leftover.Reason == LeftoverReason.NoRecord && leftover.Outcome == CollectionOutcome.Removed);

        _world.Left().Should().BeEmpty();
    }
}
