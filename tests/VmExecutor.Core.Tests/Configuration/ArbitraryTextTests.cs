using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Tests.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration;

/// <summary>Whatever the files hold: they are bound, or every line of the message names a place in them.</summary>
public sealed class ArbitraryTextTests
{
    [Fact]
    public void Arbitrary_characters_are_bound_or_refused() =>
        ForAny.Value(ArbMap.Default.GeneratorFor<string?>(), text => BindsOrExplains(text ?? ""));

    [Fact]
    public void Arbitrary_pieces_of_YAML_are_bound_or_refused() =>
        ForAny.Value(
            Gen.Elements(
                "source", "ssh", "user", "cpus", "memory", "defaults", ": ", ":", "\n", "\n  ", "\n    ", "- ", "[", "]", "{", "}", ", ",
                "'", "\"", "&a ", "*a", "!x ", "!!int ", "|\n", ">\n", "? ", "#", "%", "---", "...", "<<", "\\", "\t", "\r\n", "\0", "2GiB", "é", "~",
                "\ud83d", "@", "`", "%YAML 1.2\n", "\u0085", "\u2028", "\ufeff").ListOf().Select(string.Concat),
            BindsOrExplains);

    [Fact]
    public void Every_truncation_and_every_lost_character_is_bound_or_refused()
    {
        for (var length = 0; length < EveryKey.OfFile.Length; length++)
        {
            BindsOrExplains(EveryKey.OfFile[..length]);
            BindsOrExplains(EveryKey.OfFile.Remove(length, 1));
        }
    }

    private static void BindsOrExplains(string text)
    {
        foreach (var bind in new Action[] { () => Yaml.Bind(text), () => Yaml.Bind("", ("image.yaml", text)) })
        {
            try
            {
                bind();
            }
            catch (ConfigurationException exception)
            {
                exception.Message.Split('\n').Should().OnlyContain(line => line.StartsWith("/etc/vm/", StringComparison.Ordinal));
                exception.Message.Should().NotContainAny("\r", "\0", "\t", "\u001b");
            }
        }
    }
}
