using System.Text.RegularExpressions;
using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration.Reference;

/// <summary>The schemas and the reference say what the binder does, since all come from the same tables.</summary>
public sealed class ReferenceTests
{
    private static readonly AbsolutePath Directory = new("/etc/vm");

    [Fact]
    public void The_schema_of_the_settings_is_the_table_of_the_binder() =>
        new RepositoryFile("vm-executor.schema.json").ShouldBe(JsonSchema.Of(Settings.Keys, "vm-executor.yaml"));

    [Fact]
    public void The_schema_of_an_image_is_the_table_of_the_binder() =>
        new RepositoryFile("image.schema.json").ShouldBe(JsonSchema.Of(ImageDefinition.Keys, "an image of vm-executor"));

    [Fact]
    public void The_reference_has_every_key_with_its_default()
    {
        var readme = new RepositoryFile("README.md");

        readme.PartShouldBe("settings", KeyTable.Of(Settings.Keys.Keys.Where(key => key.Name != "defaults")));
        readme.PartShouldBe("source", KeyTable.Of(ImageDefinition.Keys.Keys.Except(ImageDefinition.SharedKeys.Keys)));
        readme.PartShouldBe("shared", KeyTable.Of(ImageDefinition.SharedKeys.Keys));
    }

    [Fact]
    public void The_errors_that_the_reference_shows_are_real()
    {
        var errors = Yaml.Errors(
            "state_dir: /x\n\nstat_dir: /y",
            ("debian-12.yaml", "source: domain\nssh: {user: ci, key: /k}\ndomain: x\ndomain: y\n\nmemory: 2G"));

        new RepositoryFile("README.md").Text.Should().ContainAll(errors.Select(error => $"    /etc/vm-executor/{error}\n"));
    }

    [Fact]
    public void The_example_and_the_default_of_every_key_are_values_that_it_takes()
    {
        foreach (var (path, key) in AllKeys())
        {
            foreach (var text in new[] { key.Example, key.Default }.OfType<string>())
            {
                var kind = (key.Kind as OneOrMoreKind)?.Item ?? (ScalarKind)key.Kind;
                kind.Read(new ScalarText(text, Quoted: false, Directory)).Problem.Should().BeNull("'{0}: {1}' is in the reference", path, text);
            }

            key.Example.Should().NotBe(key.Default, "an example of {0} should show something else", path);
        }
    }

    [Fact]
    public void An_editor_accepts_what_the_binder_accepts()
    {
        var texts = Gen.Elements(
                "0", "1", "16", "2048", "MiB", "gib", "G", "kB", "B", " ", "d", "h", "m", "s", "ms", "/", "~", "$", ".", "..", "a", "Z", "_", "-", ":",
                "\n", "\t", "\u007f", "é", "qemu", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnVvDTBeyXyXEOiFf6sEv0fs3+3mWtp0gWbAkMeM29V",
                "*", "?", "https", "FILE", "://", "@", "#", new string('9', 64))
            .ListOf().Select(string.Concat);
        foreach (var kind in AllKeys().Select(found => (found.Key.Kind as OneOrMoreKind)?.Item ?? found.Key.Kind).OfType<ScalarKind>().DistinctBy(kind => (kind.Type, kind.Editor)))
        {
            if (kind.Editor is EditorCheck.Pattern pattern)
            {
                // In .NET '$' matches before a last line break too, in ECMA 262 it does not.
                var editor = new Regex(pattern.Expression + @"(?!
)");
                ForAny.Value(texts, text => Agree(kind, text, editor.IsMatch(text)));
            }
        }
    }

    [Fact]
    public void The_files_with_every_key_have_every_key()
    {
        var text = string.Join('\n', EveryKey.OfFile, EveryKey.OfDomain, EveryKey.OfUrl, EveryKey.OfUrlBySha512, EveryKey.OfRegistry, EveryKey.OfBuild);

        foreach (var (path, key) in AllKeys().Where(found => ImageDefinition.Keys.Find(found.Path.Split('.')[0]) is not null))
        {
            text.Should().MatchRegex($@"\b{key.Name}:", "{0} is in the table", path);
        }
    }

    /// <summary>A regular expression knows no ranges, no addresses and no base64, so an editor may accept a little more, never less.</summary>
    private static void Agree(ScalarKind kind, string text, bool editorAccepts)
    {
        var problem = kind.Read(new ScalarText(text, Quoted: true, Directory)).Problem;
        if (problem is null)
        {
            editorAccepts.Should().BeTrue("the binder accepts '{0}' as {1}", text, kind.Type);
        }
        else if (editorAccepts)
        {
            problem.Should().MatchRegex(
                kind switch
                {
                    _ when kind == Kinds.Tool => "file system",
                    _ when kind == Kinds.Egress => "not a destination",
                    _ when kind == Kinds.HostService => "not an address and port",
                    _ when kind == Kinds.Network => "not a network",
                    _ when kind == Kinds.Url => "cannot be downloaded|not an address",
                    _ => "out of range|too small|not the base64|not a size|not a duration|cannot be allowed",
                },
                "the editor accepts '{0}' as {1}", text, kind.Type);
        }
    }

    private static IEnumerable<(string Path, Key Key)> AllKeys() =>
        Flatten(Settings.Keys, "").Concat(Flatten(ImageDefinition.Keys, ""));

    private static IEnumerable<(string Path, Key Key)> Flatten(Section section, string prefix) =>
        section.Keys.SelectMany(key => key.Kind switch
        {
            Section inner => Flatten(inner, $"{prefix}{key.Name}."),
            ListOfKind { Item: var item } => Flatten(item, $"{prefix}{key.Name}[]."),
            _ => [(prefix + key.Name, key)],
        });
}
