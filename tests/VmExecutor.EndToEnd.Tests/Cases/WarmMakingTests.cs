using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary><c>image warm</c> and <c>image publish --warm</c>: when a template is made, and when that is interrupted.</summary>
[AlwaysCold("it makes templates of its own")]
public sealed class WarmMakingTests(TestMachine machine) : WarmTest(machine)
{
    private string Images => Path.Combine(Bench.StateDirectory, "images");

    [Fact(Timeout = 2 * HangLimit)]
    public async Task A_template_is_made_where_it_is_needed_and_belongs_to_its_generation()
    {
        await (await Machine.WarmImagesAsync()).LinkToAsync(Bench.StateDirectory);
        Bench.With(new ImageYaml { IsWarm = true });
        var first = await MadeAsync(1);

        var unneeded = await CommandAsync("image", "warm", "small", "--if-needed");
        (await MadeAsync(1)).Should().Be(first, "it was still good");
        unneeded.Should().Contain("is still good");

        await CommandAsync("image", "publish", "small");
        await ShouldStartAsync(441, "cold", "a template is of another generation");
        Directory.Exists(Path.Combine(Images, "small/2/warm")).Should().BeFalse();
        await CommandAsync("image", "publish", "small", "--warm");
        await ShouldStartAsync(442, "warm", "the new generation came with a template");
        (await MadeAsync(3)).Should().NotBe(first);
    }

    [Fact(Timeout = 2 * HangLimit)]
    public async Task Making_that_is_killed_at_any_moment_leaves_the_old_template_or_a_whole_new_one()
    {
        await (await Machine.WarmImagesAsync()).LinkToAsync(Bench.StateDirectory);
        Bench.With(new ImageYaml { IsWarm = true });
        var old = await MadeAsync(1);

        // Early, and from the moment when the guest's memory is being frozen, which its state's file shows, on to the very end.
        await KilledAsync(() => Task.Delay(300));
        await KilledAsync(() => HalfMadeHasAsync("ram.img"));
        await KilledAsync(() => DomainsAsync(1));
        (await MadeAsync(1)).Should().Be(old, "none of them was far enough");
        foreach (var milliseconds in new[] { 0, 2000, 100, 400, 1000, 3000, 4000 }.Take(Thoroughness.Of(7, few: 2)))
        {
            await KilledAsync(async () =>
            {
                await HalfMadeHasAsync("state.bin");
                await Task.Delay(milliseconds);
            });
        }

        // gc alone is to remove what was left.
        var (exitCode, output, error) = await Bench.CommandAsync("gc");
        exitCode.Should().Be(0, output + error);
        Directory.GetFileSystemEntries(Path.Combine(Images, "small/1/warm"), ".*").Should().BeEmpty();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
        await ShouldStartAsync(443, "warm", "a whole template is there all the time");

        async Task KilledAsync(Func<Task> moment)
        {
            using var making = Bench.StartCommand("image", "warm", "small");
            var over = making.WaitForExitAsync(TestContext.Current.CancellationToken);
            await Task.WhenAny(over, moment());
            making.Kill();
            await over;

            // Throws if there is none, or more than one.
            File.Exists(Path.Combine(WarmImages.TemplateIn(Images), "template.json")).Should().BeTrue();
        }
    }

    private Task HalfMadeHasAsync(string file) => Eventually.AskAsync(
        () => Task.FromResult(Directory.Exists(Path.Combine(Images, "small/1/warm"))
            && Directory.GetDirectories(Path.Combine(Images, "small/1/warm"), ".new-*").Any(half => File.Exists(Path.Combine(half, file)))),
        there => there,
        TimeSpan.FromMinutes(2));

    /// <summary>As many domains of this bench's image as that; a template's guest is named after the image and its state directory is ours.</summary>
    private Task DomainsAsync(int count) => Eventually.AskAsync(
        async () => (await HostCommand.LinesAsync("ps", "-ww", "-eo", "args=")).Count(line => line.StartsWith("/usr/bin/qemu", StringComparison.Ordinal) && line.Contains(Bench.StateDirectory, StringComparison.Ordinal)),
        found => found >= count,
        TimeSpan.FromMinutes(2));

    private async Task<string> MadeAsync(int generation) => await HostCommand.OutputAsync("stat", "--format=%n %i %Y", Path.Combine(WarmImages.TemplateIn(Images, generation: generation), "state.bin"));

    private async Task<string> CommandAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await Bench.CommandAsync(arguments);
        exitCode.Should().Be(0, output + error);
        return output;
    }

    private async Task ShouldStartAsync(int id, string start, string because)
    {
        var session = await PrepareAsync(id);
        JobRecord(id).GetProperty("start").GetString().Should().Be(start, because);
        await CleanUpAsync(session);
    }
}
