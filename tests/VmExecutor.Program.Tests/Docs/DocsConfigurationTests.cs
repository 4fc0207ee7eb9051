using System.Text.Json;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>Configuration in pages is configuration that the driver and the runner take.</summary>
public sealed partial class DocsConfigurationTests
{
    /// <summary>The settings that fragments leave out; a fragment of an image that says another login or user wins.</summary>
    private const string Settings = "limits: {max_vms: 4}\ndefaults:\n  ssh:\n    user: ci\n    key: /k\n";

    /// <summary>In config.toml and not in our sample, since the runner's default is right.</summary>
    private static readonly string[] RunnersOwn = ["limit"];

    [Fact]
    public void Every_YAML_binds_as_an_image_or_as_settings_or_is_a_job()
    {
        var blocks = Page.All().SelectMany(page => page.Blocks.SelectMany(block => block.Yaml()).Select(yaml => (page.Path, Yaml: yaml))).ToList();

        blocks.Count(block => TopKeys(block.Yaml).IsSubsetOf(KeysOf("image"))).Should().BeGreaterThan(15);
        blocks.Select(block => (block.Path, block.Yaml, Trouble: Trouble(block.Yaml))).Where(block => block.Trouble is not null)
            .Select(block => $"{block.Path}: {block.Trouble}\n{block.Yaml}").Should().BeEmpty();
    }

    [Fact]
    public void Every_config_toml_has_only_keys_and_tables_of_the_sample()
    {
        var sample = TomlWords(File.ReadAllLines(Path.Combine(Page.Root, "executor/config.toml"))).ToHashSet(StringComparer.Ordinal);
        var blocks = Page.All().SelectMany(page => page.Blocks).Where(block => block.Language == "toml").ToList();

        sample.Should().Contain(["[[runners]]", "prepare_exec_timeout"]);
        blocks.Should().NotBeEmpty();
        blocks.SelectMany(block => TomlWords(block.Lines)).Distinct().Except(sample).Except(RunnersOwn).Should().BeEmpty();
    }

    [Fact]
    public void The_config_toml_of_the_page_on_installing_is_the_sample_without_its_comments()
    {
        var shown = Page.Of("docs/install.md").Blocks.Single(block => block.Language == "toml").Lines.Where(line => line.Length > 0).Select(line => line.Trim());
        var sample = File.ReadAllLines(Path.Combine(Page.Root, "executor/config.toml")).Select(line => line.Trim()).ToHashSet(StringComparer.Ordinal);

        shown.Where(line => !sample.Contains(line)).Should().BeEmpty();
    }

    private static string? Trouble(string yaml)
    {
        var keys = TopKeys(yaml);
        return keys.IsSubsetOf(KeysOf("image")) ? TroubleOfImage(yaml, keys)
            : keys.IsSubsetOf(KeysOf("vm-executor")) ? TroubleOf(yaml, image: null)
            : Mapping(yaml).Children.Values.All(IsJob) ? null
            : $"neither an image, nor settings, nor jobs: {string.Join(", ", keys)}";
    }

    private static string? TroubleOfImage(string yaml, HashSet<string> keys) =>
        TroubleOf(Settings, keys.Contains("source") ? yaml : $"source: {SourceOf(keys)}\n{yaml}");

    private static string SourceOf(HashSet<string> keys) =>
        keys.Contains("url") ? "url" : keys.Contains("build") ? "build" : keys.Contains("file") || keys.Contains("kernel") ? "file" : keys.Contains("domain") ? "domain" : "domain\ndomain: base";

    private static string? TroubleOf(string settings, string? image)
    {
        try
        {
            SettingsDocument.Parse(new ConfigurationText(new AbsolutePath("/etc/vm/vm-executor.yaml"), settings)).Bind(
                new ImageTexts(DirectoryExists: true, image is null ? [] : [new ConfigurationText(new AbsolutePath("/etc/vm/images/image.yaml"), image)], []));
            return null;
        }
        catch (ConfigurationException e)
        {
            return e.Message;
        }
    }

    /// <summary>A job of .gitlab-ci.yml, or its variables.</summary>
    private static bool IsJob(YamlNode node) => node is YamlMappingNode mapping && mapping.Children.Keys.Any(key => key.ToString() is "script" or "run" or "variables");

    private static HashSet<string> TopKeys(string yaml) => [.. Mapping(yaml).Children.Keys.Select(key => key.ToString())];

    private static YamlMappingNode Mapping(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    private static HashSet<string> KeysOf(string schema)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Page.Root, "config", $"{schema}.schema.json")));
        return [.. json.RootElement.GetProperty("properties").EnumerateObject().Select(property => property.Name)];
    }

    private static IEnumerable<string> TomlWords(IEnumerable<string> lines) =>
        lines.Select(line => TomlWord().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"^\s*(\[[\w.\[\]]+\]|\w+(?=\s*=))")]
    private static partial Regex TomlWord();
}
