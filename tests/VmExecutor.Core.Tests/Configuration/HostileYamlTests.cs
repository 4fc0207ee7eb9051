using FluentAssertions;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration;

/// <summary>Texts that a YAML reader might never be done with, or fill the memory from: refused in time, with a place in the file.</summary>
public sealed class HostileYamlTests
{
    /// <summary>Milliseconds: a hang limit, not a measure.</summary>
    private const int HangLimit = 60_000;

    /// <summary>Each near the largest size a file may have where size matters.</summary>
    public static TheoryData<string, string, string> Texts => new()
    {
        { "an anchor that has itself in it", "a: &a [*a]", "'*a' is an alias" },
        { "a mapping merged into itself", "a: &a\n  <<: *a\n", "'*a' is an alias" },
        { "aliases that double forty times", "a0: &a0 [x, x]\n" + Lines(40, i => $"a{i + 1}: &a{i + 1} [*a{i}, *a{i}]"), "'*a0' is an alias" },
        { "merge keys that double forty times", "a0: &a0 {x: y}\n" + Lines(40, i => $"a{i + 1}: &a{i + 1}\n  <<: [*a{i}, *a{i}]"), "'*a0' is an alias" },
        { "an alias of every line before it", "a0: &a0 x\n" + Lines(5_000, i => $"a{i + 1}: [*a0, *a{i}]"), "'*a0' is an alias" },
        { "a name of an anchor as large as the file", $"a: &{new string('x', 900_000)} b", "is an anchor" },
        { "one key ten thousand times", Lines(10_000, _ => "state_dir: /a"), "state_dir: is here a second time" },
        { "three thousand keys that are unknown", Lines(3_000, i => $"key{i}: 1"), "key0: is unknown" },
        { "a duplicate key in the deepest level", Nested(28, "x: 1\nx: 2"), "is here a second time" },
        { "a mapping in a mapping without end", Nested(1_000, "x: 1"), "is nested deeper than 32 levels" },
        { "lists opened without end", "a: " + new string('[', 1_000_000), "is nested deeper than 32 levels" },
        { "mappings opened without end", "a: " + string.Concat(Enumerable.Repeat("{a: ", 250_000)), "is nested deeper than 32 levels" },
        { "a list of fifty thousand items", "state_dir:\n" + Lines(50_000, _ => "- a"), "state_dir: " },
        { "a value as large as the file", $"default_image: \"{new string('\\', 1_000_000)}x\"", "is not an image name" },
        { "quotes that do not end", "state_dir: '" + new string('a', 1_000_000), "is not valid YAML" },
        { "a file of line breaks", new string('\n', 1_000_000) + "x: 1", "x: is unknown" },
        { "a file of NUL", new string('\0', 1_000_000), "has the control character" },
        { "a file of tabs", new string('\t', 1_000_000) + "x: 1", "1:" },
        { "a tag of a type", "state_dir: !!python/object/apply:os.system [id]", "is a type tag" },
        { "a second document", "state_dir: /a\n---\nstate_dir: /b", "a second YAML document begins here" },
    };

    [Theory(Timeout = HangLimit)]
    [MemberData(nameof(Texts))]
    public async Task It_is_refused_in_time_as_settings_and_as_an_image(string what, string text, string why)
    {
        var errors = await Task.Run(() => Yaml.Errors(text));
        var ofImage = await Task.Run(() => Yaml.Errors("", ("image.yaml", text)));

        errors.Should().Contain(error => error.StartsWith("vm-executor.yaml:") && error.Contains(why), what);
        ofImage.Should().NotBeEmpty(what).And.OnlyContain(error => error.StartsWith("images/image.yaml:"));
        errors.Concat(ofImage).Should().OnlyContain(error => error.Length < 1_000 && !error.Any(char.IsControl));
    }

    [Theory]
    [InlineData("domain: \"a\\uffff\"")]
    [InlineData("ssh: {user: ci, key: \"/k\\ufffe\"}")]
    public void A_text_that_a_domains_XML_cannot_carry_is_no_name_and_no_path(string line) =>
        Yaml.Errors("", ("image.yaml", $"source: domain\ndomain: base\nssh: {{user: ci, key: /k}}\n".Replace(Given(line), line))).Should().ContainSingle()
            .Which.Should().Contain("has a line break or another control character in it");

    private static string Given(string line) => line.StartsWith("domain") ? "domain: base" : "ssh: {user: ci, key: /k}";

    private static string Lines(int count, Func<int, string> line) => string.Concat(Enumerable.Range(0, count).Select(i => line(i) + "\n"));

    /// <summary>Keys below each other, one space further in each.</summary>
    private static string Nested(int depth, string innermost) =>
        Lines(depth, i => new string(' ', i) + "a:") + string.Concat(innermost.Split('\n').Select(line => new string(' ', depth) + line + "\n"));
}
