using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration.Reference;

/// <summary>
/// The samples in <c>config/</c>. A line that begins with '#' and a key, without a space, is a setting that is switched off;
/// '# ' begins prose.
/// </summary>
public sealed class SampleTests
{
    private static readonly string Config = Path.Combine(RepositoryFile.Root(), "config");

    private static readonly string[] Images =
        [.. Directory.GetFiles(Path.Combine(Config, "images")).Order(StringComparer.Ordinal).Select(file => $"images/{Path.GetFileName(file)}")];

    [Fact]
    public void They_bind_as_they_are() =>
        Bind(text => text).Settings.Images.Select(image => image.Name.Value).Should().Equal("debian-12-cloud", "debian-12-shared", "debian-12", "debian-ci", "small");

    [Fact]
    public void They_bind_with_everything_switched_on() => Bind(SwitchOn).Settings.Images.Should().HaveSameCount(Images);

    [Fact]
    public void They_show_every_key()
    {
        var settings = SwitchOn(Read("vm-executor.yaml"));
        var images = SwitchOn(string.Concat(Images.Select(Read)));

        foreach (var key in Settings.Keys.Keys)
        {
            settings.Should().MatchRegex($"(?m)^{key.Name}:");
            if (key.Name != "defaults")
            {
                foreach (var inner in (key.Kind as Section)?.Keys ?? [])
                {
                    settings.Should().MatchRegex($"(?m)^  {inner.Name}:", "{0} has it", key.Name);
                }
            }
        }

        foreach (var key in ImageDefinition.Keys.Keys)
        {
            // Only one of the two checksums can be said; the other is prose.
            images.Should().MatchRegex(key.Name == "sha512" ? "(?m)^# sha512:" : $"(?m)^{key.Name}:");
            foreach (var inner in (key.Kind as Section)?.Keys ?? [])
            {
                images.Should().MatchRegex($"(?m)^  {inner.Name}:", "{0} has it", key.Name);
            }
        }
    }

    [Theory]
    [InlineData("vm-executor.yaml", "vm-executor.schema.json")]
    [InlineData("images/debian-12.yaml", "../image.schema.json")]
    [InlineData("images/debian-12-cloud.yaml", "../image.schema.json")]
    [InlineData("images/debian-ci.yaml", "../image.schema.json")]
    [InlineData("images/small.yaml", "../image.schema.json")]
    public void Their_first_line_tells_an_editor_the_schema(string sample, string schema)
    {
        Read(sample).Should().StartWith($"# yaml-language-server: $schema={schema}\n");
        File.Exists(Path.Combine(Config, Path.GetDirectoryName(sample)!, schema)).Should().BeTrue();
    }

    private static ConfigurationResult Bind(Func<string, string> change)
    {
        var document = SettingsDocument.Parse(Text("vm-executor.yaml", change));
        document.ImagesDir!.Value.Should().Be("/etc/vm-executor/images");
        return document.Bind(new ImageTexts(true, [.. Images.Select(image => Text(image, change))], []));
    }

    private static ConfigurationText Text(string name, Func<string, string> change) =>
        new(new AbsolutePath($"/etc/vm-executor/{name}"), change(Read(name)));

    private static string Read(string name) => File.ReadAllText(Path.Combine(Config, name));

    private static string SwitchOn(string text) =>
        Regex.Replace(text, "(?m)^( *)#(?=[a-z_]+:)", "$1");
}
