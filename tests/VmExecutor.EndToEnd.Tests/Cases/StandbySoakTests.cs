using System.Globalization;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// Many jobs in a row with standby clones, which the stages themselves make anew beside them. Each job leaves marks in its guest and looks for those of
/// others. Short in the thorough run; long, and with the machine to itself, by <c>tests/soak --standby</c>.
/// </summary>
[AlwaysCold("it publishes its image again, and has one without a template")]
public sealed class StandbySoakTests(TestMachine machine) : WarmTest(machine)
{
    private const int Day = 24 * 60 * 60 * 1000;
    private const int FirstId = 20_000;
    private const string Booted = "booted";
    private static readonly int Jobs = int.TryParse(Environment.GetEnvironmentVariable("VM_EXECUTOR_SOAK_STANDBY_JOBS"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 12;
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(60);

    // Booting one takes so long that fills would make nothing else.
    private static readonly TimeSpan BootedMaxAge = MaxAge * 10;
    private static readonly TimeSpan DrainTakes = TimeSpan.FromMinutes(3);

    /// <summary>Every so many jobs: another image, a wait until the clones are too old, and the image is published again.</summary>
    private static readonly (int OtherImage, int Aged, int Published) Every = (10, Math.Max(5, Jobs / 4), Math.Max(7, Jobs / 2 - 1));

    // Memory (three tmpfs, a process), the disk, and what a login shell reads. The brackets keep grep from finding itself.
    private const string Script =
        """
        marks='/dev/shm/vmx-mark /run/vmx-mark /tmp/vmx-mark /var/tmp/vmx-mark /root/vmx-mark /home/vmx-mark'
        found=$(sudo ls -d $marks 2>/dev/null || true; env | grep '^VMX_MARK=' || true; grep -l VMX_MARK /etc/environment /etc/profile ~/.profile ~/.bashrc 2>/dev/null || true; sudo grep -la '52799000[0]' /proc/[0-9]*/cmdline 2>/dev/null || true)
        echo "SAID $(cat /etc/machine-id) $(cat /proc/sys/kernel/hostname) $(od -An -v -N16 -tx1 /dev/urandom | tr -d ' \n') $(cat /proc/sys/kernel/random/uuid) $(date +%s) $(grep -o 'vmx.image=[a-z]*' /proc/cmdline || echo vmx.image=small)"
        [ -z "$found" ] || { echo "MARKS OF ANOTHER JOB: $found"; exit 3; }
        sudo touch $marks
        export VMX_MARK=left
        echo 'export VMX_MARK=left' | sudo tee -a /etc/environment /etc/profile ~/.profile ~/.bashrc >/dev/null
        setsid sleep 527990000 </dev/null >/dev/null 2>&1 &
        echo "MARKED $(sudo ls -d $marks | wc -l)"
        """;

    [Fact(Timeout = Day, Explicit = true)]
    public async Task Jobs_in_a_row_never_get_a_used_foreign_or_stale_clone_and_leave_nothing()
    {
        await (await Machine.WarmImagesAsync()).LinkToAsync(Bench.StateDirectory);
        Want(isWanted: true);
        await CommandAsync("image", "warm", "small");
        await CommandAsync("image", "publish", Booted);
        await CommandAsync("standby", "fill");
        var generation = 1;
        var said = new List<string[]>();

        for (var number = 1; number <= Jobs; number++)
        {
            if (number % Every.Aged == 0)
            {
                await Task.Delay(MaxAge + TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            }

            if (number % Every.Published == 0)
            {
                await CommandAsync("image", "publish", "small", "--warm");
                generation++;
            }

            var image = number % Every.OtherImage == 0 ? Booted : "small";
            said.Add(await PlayAsync(FirstId + number, image));
            LedgerOf(FirstId + number).GetProperty("generation").GetInt32().Should().Be(image == Booted ? 1 : generation);
        }

        var entries = Enumerable.Range(FirstId + 1, Jobs).Select(LedgerOf).ToList();
        TestContext.Current.SendDiagnosticMessage($"{Jobs} jobs; starts: {Counts(entries, "start")}; no standby clone: {Counts(entries, "standby_miss")}");
        said.Select(words => words[2]).Should().OnlyHaveUniqueItems("/dev/urandom");
        said.Select(words => words[3]).Should().OnlyHaveUniqueItems("the kernel's UUIDs");

        // A guest that boots for its job keeps the name and the machine-id of its image.
        var renamed = said.Zip(entries).Where(pair => Start(pair.Second) != "cold").Select(pair => pair.First).ToList();
        renamed.Select(words => words[0]).Should().OnlyHaveUniqueItems("/etc/machine-id");
        renamed.Select(words => words[1]).Should().OnlyHaveUniqueItems("host names");

        entries.SelectMany(entry => entry.GetProperty("made").EnumerateArray().Select(made => made.GetString()!).Where(made => made.StartsWith("domain ", StringComparison.Ordinal)))
            .Should().HaveCount(Jobs).And.OnlyHaveUniqueItems("no VM serves two jobs");
        entries.Where(entry => Took(entry) && entry.GetProperty("image").GetString() == "small").Should().OnlyContain(entry => entry.GetProperty("standby_seconds").GetDouble() < MaxAge.TotalSeconds);
        entries.Where(Took).Select(entry => entry.GetProperty("standby_seconds").GetDouble()).Should().NotBeEmpty().And.OnlyContain(seconds => seconds < BootedMaxAge.TotalSeconds);
        Want(isWanted: false);
        (await Eventually.AskAsync(DrainAsync, left => left.Count == 0, DrainTakes)).Should().BeEmpty();
    }

    private async Task<string[]> PlayAsync(int id, string image)
    {
        var asked = DateTimeOffset.UtcNow;
        var result = await Bench.RunJobAsync(new SimulatedJob { Id = id, Image = image, Script = [Script] });
        var job = result.ToString();
        result.State.Should().Be(JobState.Success, job);
        var output = string.Join('\n', result.Stages.Select(stage => stage.OutputText));
        output.Should().Contain("MARKED 6", job);
        var words = output.Split('\n').Should().ContainSingle(line => line.StartsWith("SAID ", StringComparison.Ordinal), job).Which.Split(' ')[1..];
        words.Should().HaveCount(6);
        if (Start(LedgerOf(id)) != "cold")
        {
            words[1].Should().Be($"vmx-{LedgerOf(id).GetProperty("job").GetString()}");
        }

        DateTimeOffset.FromUnixTimeSeconds(long.Parse(words[4], CultureInfo.InvariantCulture)).Should().BeAfter(asked - TimeSpan.FromSeconds(2)).And.BeBefore(DateTimeOffset.UtcNow + TimeSpan.FromSeconds(2));
        words[5].Should().Be($"vmx.image={image}");
        return words;
    }

    /// <summary>The image with a template wants two, the other one.</summary>
    private void Want(bool isWanted)
    {
        string[] Standby(int count, TimeSpan age) => isWanted ? ["standby:", string.Create(CultureInfo.InvariantCulture, $"  count: {count}"), $"  max_age: {age.TotalSeconds:0}s"] : [];
        Bench.With(new ImageYaml { IsWarm = true, WarmLimit = "120s", Further = Standby(2, MaxAge) });
        Bench.With(new ImageYaml { Name = Booted, Cmdline = $"{Machine.Guest.Cmdline} vmx.image={Booted}", Further = Standby(1, BootedMaxAge) });
    }

    private async Task<List<string>> DrainAsync()
    {
        // A fill of a moment ago may still be at work, for what was wanted then.
        await CommandAsync("standby", "fill");
        await CommandAsync("gc");
        return await Bench.Leftovers.FindAsync();
    }

    private async Task CommandAsync(params IReadOnlyList<string> arguments)
    {
        var (exitCode, output, error) = await Bench.CommandAsync(arguments, TimeSpan.FromMinutes(10));
        exitCode.Should().Be(0, output + error);
    }

    private JsonElement LedgerOf(int id) => File.ReadLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
        .Should().ContainSingle(entry => entry.GetProperty("job").GetString()!.Contains($"-{id}-", StringComparison.Ordinal)).Which;

    private static bool Took(JsonElement entry) => Start(entry) == "standby";

    private static string? Start(JsonElement entry) => entry.GetProperty("start").GetString();

    private static string Counts(IEnumerable<JsonElement> entries, string name) => string.Join(", ", entries
        .Select(entry => entry.TryGetProperty(name, out var word) ? word.GetString() : null).OfType<string>().CountBy(word => word).Select(pair => $"{pair.Value} {pair.Key}"));
}
