using System.Text.Json.Nodes;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Templates;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary><c>try --dry-run</c> says of the start what the start then does, with the same reason.</summary>
public sealed class DryRunStartTests : IDisposable
{
    private readonly StageWorld _world = new();

    [Theory]
    [InlineData("no_template")]
    [InlineData("size")]
    [InlineData("damaged")]
    [InlineData("impossible")]
    [InlineData("qemu_changed")]
    [InlineData("libvirt_changed")]
    [InlineData("accelerator_changed")]
    [InlineData("cpu_changed")]
    [InlineData("devices_changed")]
    public async Task A_cold_start_has_the_reason_that_the_dry_run_gave(string word)
    {
        await _world.WarmAsync();
        await ArrangeAsync(word);

        var outlook = await _world.ForecastAsync();
        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        _world.JobDirectory.Read().Should().BeEquivalentTo(new { Start = "cold", ColdReason = word }, _world.Log.ToString());
        outlook.Start.Kind.Should().Be("cold");
        _world.Log.ToString().Split('\n').Should().ContainSingle(line => line.Contains("cold start: ", StringComparison.Ordinal))
            .Which.Should().EndWith($"cold start: {outlook.Start.Why}");
    }

    [Theory]
    [InlineData(false, "the image was never published, so it has no templates")]
    [InlineData(true, "'warm' is off in ")]
    public async Task A_start_that_is_cold_by_the_configuration_is_told_of_by_the_dry_run_alone(bool published, string why)
    {
        if (published)
        {
            await _world.WarmAsync();
            _world.Warm = new WarmSettings();
        }

        var outlook = await _world.ForecastAsync();
        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        outlook.Start.Kind.Should().Be("cold");
        outlook.Start.Why.Should().StartWith(why);
        _world.JobDirectory.Read().Should().BeEquivalentTo(new { Start = "cold", ColdReason = (string?)null });
        _world.Log.ToString().Should().NotContain("cold start");
    }

    [Fact]
    public async Task A_warm_start_wakes_from_the_template_that_the_dry_run_named()
    {
        await _world.WarmAsync();

        var outlook = await _world.ForecastAsync();
        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        var record = _world.JobDirectory.Read()!;
        record.Start.Should().Be("warm");
        outlook.Start.Should().BeEquivalentTo(new { Kind = "warm", Why = $"from the template {record.Template}" });
        outlook.Sizes!.Cpus.Should().Be(record.Claim!.Cpus);
        outlook.Sizes.Memory.Bytes.Should().Be(record.Claim.MemoryBytes);
    }

    [Fact]
    public async Task A_dry_run_makes_and_starts_nothing()
    {
        await _world.WarmAsync();
        var files = Files();
        _world.Hypervisor.Calls.Clear();

        await _world.ForecastAsync();

        Files().Should().Equal(files);
        _world.Hypervisor.Calls.Should().OnlyContain(call => call == "version" || call == "capabilities");
        _world.GuestShell.Calls.Should().BeEmpty();
    }

    public void Dispose() => _world.Dispose();

    private async Task ArrangeAsync(string word)
    {
        var template = _world.Template!;
        switch (word)
        {
            case "no_template":
                Directory.Delete(template.Directory.Value, recursive: true);
                break;
            case "size":
                _world.Sizes = new SizeSettings { MaxCpus = 4 };
                _world.Wanted = new RequestedSizes { Cpus = "4" };
                break;
            case "damaged":
                await File.AppendAllTextAsync(template.Ram.Value, "x");
                break;
            case "impossible":
                var domain = _world.Generation!.Domain.Value;
                File.SetUnixFileMode(domain, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                await File.WriteAllTextAsync(domain, (await File.ReadAllTextAsync(domain)).Replace("<devices>", "<memoryBacking><locked/></memoryBacking><devices>", StringComparison.Ordinal));
                break;
            default:
                var member = word[..^"_changed".Length];
                Reshape(template, member);
                break;
        }
    }

    /// <summary>The template as another host, or an earlier driver, would have made it.</summary>
    private static void Reshape(Template template, string member)
    {
        var path = template.Directory.Child(Template.RecordName).Value;
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var record = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        var shape = record.Single(property => property.Key.Equals("shape", StringComparison.OrdinalIgnoreCase)).Value!.AsObject();
        shape[shape.Single(property => property.Key.Equals(member, StringComparison.OrdinalIgnoreCase)).Key] = "another";
        File.WriteAllText(path, record.ToJsonString());
        Directory.Move(template.Directory.Value, template.Directory.Parent().Child(TemplateRecord.TryParse(File.ReadAllText(path))!.Shape.Fingerprint).Value);
    }

    private List<string> Files() => [.. Directory.EnumerateFileSystemEntries(_world.StateDir.Value, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
