using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>A test that publishes the image <c>small</c>.</summary>
public abstract class PublishTest(TestMachine machine) : BenchTest(machine)
{
    private protected string ImageDirectory => Path.Combine(Bench.StateDirectory, "images/small");

    private protected IEnumerable<string> HalfMade() => Directory.GetFileSystemEntries(ImageDirectory, ".*");

    private protected async Task<string> PublishAsync(string image)
    {
        var (exitCode, output, error) = await Bench.CommandAsync("image", "publish", image);
        exitCode.Should().Be(0, output + error);
        return output;
    }

    private protected async Task<int> CurrentAsync()
    {
        var (exitCode, output, error) = await Bench.CommandAsync("image", "show", "small", "--json");
        exitCode.Should().Be(0, error);
        using var document = JsonDocument.Parse(output);
        return document.RootElement.GetProperty("images")[0].GetProperty("current").GetInt32();
    }
}
