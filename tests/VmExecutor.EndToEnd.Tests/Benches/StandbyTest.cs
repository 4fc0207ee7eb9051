using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>A test about clones that are made before there is a job for them.</summary>
public abstract class StandbyTest(TestMachine machine) : WarmTest(machine)
{
    private protected static readonly TimeSpan FillTakes = TimeSpan.FromMinutes(3);

    /// <summary>Makes what the images want.</summary>
    /// <returns>The domains that wait then.</returns>
    private protected async Task<IReadOnlyList<string>> FillAsync()
    {
        var (exit, output, error) = await Bench.CommandAsync("standby", "fill");
        exit.Should().Be(0, output + error);
        return [.. Waiting().Select(clone => $"vmx-{clone}")];
    }

    /// <summary>Waits until so many wait: a fill that a command or stage has begun may be at work, and this one then leaves it to that.</summary>
    private protected async Task<IReadOnlyList<string>> FilledAsync(int count) => await Eventually.AskAsync(
        async () => (IReadOnlyList<string>)[.. (await FillAsync()).Where(domain => IsSetAside(domain["vmx-".Length..]))], waiting => waiting.Count == count, FillTakes);

    /// <summary>Waits until nothing waits, where no image wants anything any more.</summary>
    private protected async Task NothingWaitsAsync()
    {
        // A fill of a moment ago may still be at work, for what was wanted then.
        (await Eventually.AskAsync(
            async () =>
            {
                await Bench.CommandAsync("standby", "fill");
                return Waiting().Count;
            },
            count => count == 0,
            FillTakes)).Should().Be(0);
        Links().Should().BeEmpty();
    }

    /// <summary>The links from jobs to the clones that they took.</summary>
    private protected string[] Links() => Directory.Exists(Path.Combine(Bench.StateDirectory, "taken")) ? Directory.GetFileSystemEntries(Path.Combine(Bench.StateDirectory, "taken")) : [];

    /// <summary>The keys of the clones that wait, or are being made.</summary>
    private protected IReadOnlyList<string> Waiting() =>
        [.. Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"), "standby-*").Select(directory => Path.GetFileName(directory)!)];

    /// <summary>The state of a domain, as virsh tells it.</summary>
    private protected static async Task<string> StateAsync(string domain) => (await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "domstate", domain)).Trim();

    /// <summary>False: a fill is just making it, or removing it, or a job has taken it, whose removal may still be under way.</summary>
    private protected bool IsSetAside(string clone)
    {
        try
        {
            var record = JsonDocument.Parse(File.ReadAllText(Path.Combine(Bench.StateDirectory, "jobs", clone, "job.json"))).RootElement;
            return record.GetProperty("standby").ValueKind == JsonValueKind.Object
                && !(record.GetProperty("stamp").TryGetProperty("job", out var job) && job.ValueKind == JsonValueKind.String);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
