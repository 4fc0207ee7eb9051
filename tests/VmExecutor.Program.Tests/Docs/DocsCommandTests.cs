using System.CommandLine;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Commands;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>The commands that pages tell people to type are known to the program and the repository.</summary>
public sealed partial class DocsCommandTests
{
    [Fact]
    public void Every_command_line_is_understood_by_the_program()
    {
        var root = Create();
        var lines = CommandLines.All().Concat(CommandLines.InSentences().Where(line => !IsName(root, line.Arguments))).ToList();

        lines.Should().HaveCountGreaterThan(100, "the pages are full of them");
        lines.Select(line => (Text: $"{line.Page}: vm-executor {string.Join(' ', line.Arguments)}", root.Parse([.. line.Arguments]).Errors))
            .Where(line => line.Errors.Count > 0)
            .Select(line => $"{line.Text}: {string.Join(' ', line.Errors.Select(error => error.Message))}")
            .Distinct()
            .Should().BeEmpty();
    }

    [Fact]
    public void Every_command_of_the_program_is_in_some_page()
    {
        var root = Create();
        var stages = new[] { "config", "prepare", "run", "cleanup" };
        var named = CommandLines.All().Select(line => line.Arguments[0]).ToHashSet(StringComparer.Ordinal);

        root.Subcommands.Where(command => !command.Hidden).Select(command => command.Name).Except(stages).Except(named).Should().BeEmpty();
    }

    [Fact]
    public void Every_script_and_directory_of_the_repository_that_code_names_is_there()
    {
        var named =
            from page in Page.All()
            from line in page.Blocks.SelectMany(block => block.Lines).Concat(page.CodeWords)
            from Match match in RepositoryPath().Matches(line)
            select (Page: page.Path, Path: match.Groups[1].Value.TrimEnd('.', ',', ':'));

        named.Distinct().Where(one => !IsThere(one.Path)).Should().BeEmpty();
    }

    [Fact]
    public void Every_option_of_a_script_of_the_repository_is_one_that_the_script_knows()
    {
        var called =
            from page in Page.All()
            from line in page.Blocks.Where(block => block.IsShell).SelectMany(block => block.Lines).Concat(page.CodeWords)
            from Match match in ScriptCall().Matches(line.Split(" #")[0])
            where IsScript(Path.Combine(Page.Root, match.Groups[1].Value))
            from Capture option in match.Groups["option"].Captures
            select (page.Path, Script: match.Groups[1].Value, Option: option.Value);

        called.Should().Contain(call => call.Script == "tests/run" && call.Option == "--unit");
        called.Distinct().Where(call => !File.ReadAllText(Path.Combine(Page.Root, call.Script)).Contains(call.Option, StringComparison.Ordinal)).Should().BeEmpty();
    }

    [Fact]
    public void Every_test_that_a_command_line_runs_is_there()
    {
        var sources = string.Concat(Directory.EnumerateFiles(Path.Combine(Page.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var named =
            from page in Page.All()
            from line in page.Blocks.SelectMany(block => block.Lines)
            from Match match in TestChoice().Matches(line)
            select (page.Path, Name: match.Groups[1].Value);

        named.Should().NotBeEmpty();
        named.Where(test => !sources.Contains(test.Name, StringComparison.Ordinal)).Should().BeEmpty();
    }

    [Fact]
    public void Every_unit_that_is_named_is_there()
    {
        var units = Directory.EnumerateFiles(Path.Combine(Page.Root, "executor/systemd")).Select(Path.GetFileName).ToHashSet();
        var named =
            from page in Page.All()
            from line in page.Blocks.SelectMany(block => block.Lines).Concat(page.CodeWords)
            from Match match in Unit().Matches(line)
            select (Page: page.Path, Unit: match.Value);

        named.Distinct().Where(one => !units.Contains(one.Unit)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("vm-executor gc --dry-run    # what gc would remove", "gc --dry-run")]
    [InlineData("sudo -u gitlab-runner vm-executor check", "check")]
    [InlineData("source <(vm-executor completion bash)", "completion bash")]
    [InlineData("vm-executor bench IMAGE [-n N] [--memory SIZE]... [--json]", "bench IMAGE -n 3 --memory 1GiB --json")]
    [InlineData("executor/vm-executor try demo -- 'echo hello from $(hostname)' | tail", "try demo -- echo hello from $(hostname)")]
    [InlineData("name=$(vm-executor clone debian-12)", "clone debian-12")]
    [InlineData("vm-executor 0.1.0: image 'debian-12' as VM vmx-1", "")]
    [InlineData("ps -eo args | grep 'vm-executor image'", "")]
    public void A_line_of_a_page_is_read_as_a_shell_would(string line, string arguments) =>
        CommandLines.In(line).Select(words => string.Join(' ', words)).Should().Equal(arguments.Length == 0 ? [] : [arguments]);

    private static RootCommand Create() =>
        DriverCommand.Create(new Invocation(new StageEnvironment(new Dictionary<string, string>()), TextWriter.Null, TextWriter.Null, CancellationToken.None));

    private static bool IsName(Command root, IReadOnlyList<string> words)
    {
        Command? command = root;
        return words.All(word => (command = command?.Subcommands.FirstOrDefault(one => one.Name == word)) is not null);
    }

    // The built program is linked into executor/ by the demo.
    private static bool IsThere(string path) => path is "executor/vm-executor"
        || (path.Contains('*', StringComparison.Ordinal)
            ? Directory.EnumerateFileSystemEntries(Path.Combine(Page.Root, Path.GetDirectoryName(path)!), Path.GetFileName(path)).Any()
            : Path.Exists(Path.Combine(Page.Root, path)));

    /// <summary>Not the driver that ./executor/demo has put beside the scripts.</summary>
    private static bool IsScript(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var file = File.OpenRead(path);
        return file.ReadByte() == '#' && file.ReadByte() == '!';
    }

    [GeneratedRegex(@"(?<![\w/.-])(?:\./)?((?:executor|tests|config|src|docs)/[\w./*-]+)")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"(?<![\w/.-])(?:\./)?((?:executor|tests|config/recipes)/[\w/-]+)(?: +(?:(?<option>--[a-z-]+)|[^\s|;&-]\S*))*")]
    private static partial Regex ScriptCall();

    [GeneratedRegex(@"(?:-class '\*\.|-method '\*|--filter )(\w{5,})")]
    private static partial Regex TestChoice();

    [GeneratedRegex(@"\bvm-executor-[a-z-]+\.(timer|service)\b")]
    private static partial Regex Unit();
}
