using System.CommandLine;
using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Commands;
using VmExecutor.Manual;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The text of <c>--help</c>, and the manual that is made of it.</summary>
public sealed class ManualTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Each_commands_help_has_an_example_that_is_a_command_line_of_ours()
    {
        using var signals = new Signals();
        var root = DriverCommand.Create(Invocation.FromProcess(signals));

        foreach (var command in Below(root))
        {
            var examples = HelpText.Of(command.Description).Examples;
            examples.Should().NotBeEmpty($"'{command.Name}' needs an example in its help");
            foreach (var example in examples.Where(one => one.StartsWith("vm-executor ", StringComparison.Ordinal)))
            {
                root.Parse(example["vm-executor ".Length..]).Errors.Should().BeEmpty(example);
            }
        }
    }

    [Fact]
    public void An_option_without_its_value_is_an_error_and_no_bug()
    {
        using var signals = new Signals();
        var root = DriverCommand.Create(Invocation.FromProcess(signals));

        foreach (var path in Paths(root, []))
        {
            foreach (var option in path[^1].Options.Where(option => option.Arity.MinimumNumberOfValues > 0))
            {
                string[] line = [.. path.Select(command => command.Name), option.Name];
                root.Parse(line).Errors.Should().NotBeEmpty(string.Join(' ', line));
            }
        }
    }

    [Fact]
    public void Help_is_taken_apart_into_a_name_prose_and_examples()
    {
        HelpText.Of("Do it: all of it. Safe. Example: vm-executor do --it Example: vm-executor do").Should().BeEquivalentTo(
            new HelpText("Do it: all of it", "Do it: all of it. Safe.", ["vm-executor do --it", "vm-executor do"]));
        HelpText.Of("Only a sentence.").Should().BeEquivalentTo(new HelpText("Only a sentence", "Only a sentence.", []));
    }

    [Fact]
    public void Text_that_roff_would_take_for_a_macro_is_escaped()
    {
        new Roff().Plain(".a \"b\" \\c -d\ne").ToString().Should().Be("""\&.a \(dqb\(dq \ec \-d e""" + "\n");
    }

    [Fact(Timeout = 60_000)]
    public async Task Help_ends_with_the_examples_and_has_a_sentence_for_each_command_below()
    {
        var root = await _bench.RunAsync("--help");
        var one = await _bench.RunAsync("try", "--help");

        root.ExitCode.Should().Be(0, root.ToString());
        root.Output.Should().MatchRegex(@"\n  gc +Remove what jobs have left").And.NotContain("Example");
        one.Output.Should().Contain("\nExamples:\n  vm-executor try debian-12 --repo . -- make test\n  vm-executor try --gitlab-ci");
        one.Output.Should().StartWith("Description:\n  Run one job through all four stages as the runner would");
    }

    [Fact(Timeout = 60_000)]
    public async Task There_is_a_page_for_each_command_and_groff_understands_it()
    {
        (await _bench.RunAsync("manual", _bench.PathOf("man"))).ExitCode.Should().Be(0);

        var pages = Directory.GetFiles(_bench.PathOf("man"));
        pages.Select(Path.GetFileName).Should().Contain(["vm-executor.1", "vm-executor-gc.1", "vm-executor-image.1", "vm-executor-image-publish.1"]).And.NotContain("vm-executor-manual.1");
        var publish = await File.ReadAllTextAsync(_bench.PathOf("man/vm-executor-image-publish.1"), TestContext.Current.CancellationToken);
        publish.Should().Contain(".SH NAME\nvm\\-executor\\-image\\-publish \\- Copy an image").And.Contain("vm\\-executor image publish [IMAGE] [OPTION]...")
            .And.Contain(".B \\-\\-all\n").And.Contain(".B \\-\\-config FILE\n").And.NotContain("/h");
        foreach (var page in pages)
        {
            await GroffComplainsOfNothingAsync(page);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_directory_that_cannot_be_written_is_named()
    {
        await File.WriteAllTextAsync(_bench.PathOf("file"), "", TestContext.Current.CancellationToken);

        (await _bench.RunAsync("manual", _bench.PathOf("file/man"))).ShouldFail(StageBench.SystemFailure, "VMX1503", _bench.PathOf("file/man"));
    }

    private static IEnumerable<Command> Below(Command command) =>
        command.Subcommands.SelectMany(one => Below(one).Prepend(one));

    private static IEnumerable<IReadOnlyList<Command>> Paths(Command command, IReadOnlyList<Command> above) =>
        command.Subcommands.SelectMany(one => Paths(one, [.. above, one]).Prepend([.. above, one]));

    private static async Task GroffComplainsOfNothingAsync(string page)
    {
        if (!File.Exists("/usr/bin/groff"))
        {
            Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") != "true", "there is no groff");
        }

        using var groff = Process.Start(new ProcessStartInfo("groff", ["-man", "-ww", "-Tutf8", "-z", page]) { RedirectStandardError = true })!;
        (await groff.StandardError.ReadToEndAsync()).Should().BeEmpty(page);
        await groff.WaitForExitAsync();
        groff.ExitCode.Should().Be(0, page);
    }
}
