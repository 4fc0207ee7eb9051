using System.Text;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Registration;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Nesting;

/// <summary>
/// A text that is nested a hundred thousand levels deep would overflow the stack of code that goes through it level by level, and that ends the process
/// with no word said. So each test here kills the test program where a reader has no limit.
/// </summary>
public sealed class DeepNestingTests
{
    private const int Levels = 100_000;

    public static TheoryData<string> TomlTexts => new(
        $"a = {new string('[', Levels)}{new string(']', Levels)}",
        $"a = {new string('[', Levels)}",
        $"a = {Times("{a=", Levels)}1{new string('}', Levels)}",
        $"a = {Times("[{a=", Levels)}",
        $"{Times("a.", Levels)}a = 1",
        $"[{Times("a.", Levels)}a]",
        $"[[{Times("\"a\" . ", Levels)}a]]",
        Numbered(20_000, (text, n) => text.Append("[[a").Append(Times(".a", n % 200)).Append("]]\n")));

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(TomlTexts))]
    public async Task A_deep_config_toml_is_refused_with_words(string text)
    {
        await Task.CompletedTask;

        var (toml, errors) = RunnerTomlReader.Read(text);

        toml.Should().BeNull();
        errors.Should().NotBeEmpty();
        var install = () => RunnerInstallation.Decide(text, new AbsolutePath("/etc/gitlab-runner/config.toml"), new RunnerRequest("x", null, null), []);
        install.Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.RunnerConfigUnusable);
    }

    /// <summary>The parser takes memory for each key, value and line.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("a.b = 1\n", 100_000)]
    [InlineData("a=1\n", 200_000)]
    [InlineData("\n", 1_000_000)]
    [InlineData("0\n", 130_000)]
    [InlineData("@", 1_000_000)]
    [InlineData("[[a]]\n", 100_000)]
    [InlineData("a = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]\n", 10_000)]
    public async Task A_config_toml_without_end_is_refused_with_words(string part, int times)
    {
        await Task.CompletedTask;

        RunnerTomlReader.Read(Times(part, times)).Errors.Should().ContainSingle().Which.Should().StartWith("line ").And.EndWith("than a thousand runners");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_config_toml_with_a_thousand_runners_and_long_texts_is_read()
    {
        await Task.CompletedTask;
        var runner = $"[[runners]]\n  name = '{Times("=", 100)}' # {Times("=", 100)}\n{string.Concat(Enumerable.Range(0, 10).Select(i => $"  key_{i} = \"a\"\n"))}  [runners.custom]\n    run_exec = \"/usr/bin/run\"\n";

        RunnerTomlReader.Read($"concurrent = 3\n{Times(runner, 1000)}").Toml!.Concurrent.Should().Be(3);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("# [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\nconcurrent = 3")]
    [InlineData("name = '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\'\nconcurrent = 3")]
    [InlineData("name = \"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\\\"\nconcurrent = 3")]
    [InlineData("name = \"\"\"\n\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"\"\"\"\nconcurrent = 3")]
    [InlineData("name = '''\n'[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[''''\nconcurrent = 3")]
    [InlineData("name = \"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a\"\nconcurrent = 3")]
    [InlineData("list = [1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1]\nconcurrent = 3")]
    public async Task Brackets_and_dots_within_texts_and_comments_are_no_levels(string text)
    {
        await Task.CompletedTask;

        RunnerTomlReader.Read(text).Toml!.Concurrent.Should().Be(3);
    }

    public static TheoryData<string> YamlTexts => new(
        new string('[', Levels), Times("{a: ", Levels), Times("- ", Levels), Times("? ", Levels), $"images_dir: {new string('[', Levels)}", $"a:\n{Times("- ", Levels)}",
        string.Concat(Enumerable.Range(0, 1000).Select(n => $"{new string(' ', n)}a:\n")));

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(YamlTexts))]
    public async Task A_deep_configuration_is_refused_with_words(string text)
    {
        await Task.CompletedTask;

        var read = () => SettingsDocument.Parse(new ConfigurationText(new AbsolutePath("/etc/vm-executor/vm-executor.yaml"), text)).Bind(ImageTexts.None);

        read.Should().Throw<ConfigurationException>().Which.Message.Should().Contain("deeper than");
    }

    public static TheoryData<string> XmlTexts => new(
        $"<domain>{Times("<a>", Levels)}{Times("</a>", Levels)}</domain>",
        Times("<domain>", Levels),
        "<!DOCTYPE domain [<!ENTITY a 'x'>]><domain>&a;</domain>",
        "<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain/>",
        $"<!DOCTYPE d [<!ENTITY a0 'xxxxxxxxxx'>{Numbered(12, (all, n) => all.Append($"<!ENTITY a{n + 1} '{Times($"&a{n};", 10)}'>"))}]><d>&a12;</d>",
        "<domain><name>x</name>",
        "not XML at all",
        "",
        $"<domain>{new string('x', XmlText.LongestText + 1)}</domain>");

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(XmlTexts))]
    public async Task XML_that_no_libvirt_writes_is_refused_with_words(string text)
    {
        await Task.CompletedTask;

        var read = () => XmlText.Parse(text);

        var failure = read.Should().Throw<UnreadableXmlException>().Which;
        failure.Code.Should().Be(ErrorCodes.DefinitionUnreadable);
        failure.Message.Length.Should().BeLessThan(500);
        StampXml.TryParse(text).Should().BeNull();
        LinkStamp.StandsOn(text, []).Should().BeFalse();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("[", "]")]
    [InlineData("{\"id\":", "}")]
    [InlineData("[", "")]
    [InlineData("{\"Key\":{\"a\":", "}}")]
    public async Task Records_that_are_nested_deep_are_none(string open, string close)
    {
        await Task.CompletedTask;
        var text = $"{Times(open, Levels)}1{Times(close, Levels)}";

        JobRecord.TryParse(text).Should().BeNull();
        ScriptRecord.TryParse(text).Should().BeNull();
        LedgerEntry.TryParse(text).Should().BeNull();
        TemplateRecord.TryParse(text).Should().BeNull();
        var response = () => JobResponse.Parse(Encoding.UTF8.GetBytes(text), null);
        response.Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.JobResponseUnusable);
    }

    private static string Times(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    private static string Numbered(int count, Action<StringBuilder, int> append)
    {
        var text = new StringBuilder();
        for (var n = 0; n < count; n++)
        {
            append(text, n);
        }

        return text.ToString();
    }
}
