using FluentAssertions;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

public sealed class AbsolutePathTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/a", "/a")]
    [InlineData("/a/", "/a")]
    [InlineData("//a///b", "/a/b")]
    [InlineData("/a/./b/../c", "/a/c")]
    [InlineData("/../..", "/")]
    [InlineData("/a b/ü,c", "/a b/ü,c")]
    public void A_path_is_normalized(string text, string normal) => new AbsolutePath(text).Value.Should().Be(normal);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("./a")]
    [InlineData("~/a")]
    [InlineData("/a\nb")]
    [InlineData("/a\rb")]
    [InlineData("/a\0b")]
    public void A_relative_path_and_one_with_line_breaks_are_refused(string? text) =>
        AbsolutePath.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void The_constructor_names_what_it_refuses() =>
        FluentActions.Invoking(() => new AbsolutePath("images/a")).Should().Throw<ArgumentException>().WithMessage("*'images/a'*");

    [Theory]
    [InlineData("/a/b", "/a")]
    [InlineData("/a", "/")]
    [InlineData("/", "/")]
    public void The_parent_is_the_directory_it_lies_in(string path, string parent) =>
        new AbsolutePath(path).Parent().Value.Should().Be(parent);

    [Theory]
    [InlineData("/a/b.yaml", "b.yaml")]
    [InlineData("/", "")]
    public void The_name_is_the_last_part(string path, string name) => new AbsolutePath(path).Name.Should().Be(name);

    [Theory]
    [InlineData("/etc/vm", "images", "/etc/vm/images")]
    [InlineData("/etc/vm", "../images/./x", "/etc/images/x")]
    [InlineData("/etc/vm", "/images", "/images")]
    [InlineData("/", "images", "/images")]
    public void Relative_text_is_seen_from_the_directory(string directory, string text, string path)
    {
        new AbsolutePath(directory).Resolve(text).Value.Should().Be(path);
        new AbsolutePath(directory).TryResolve(text, out var tried).Should().BeTrue();
        tried!.Value.Should().Be(path);
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("/a\0b")]
    public void Text_with_line_breaks_cannot_be_resolved(string text)
    {
        new AbsolutePath("/etc").TryResolve(text, out _).Should().BeFalse();
        FluentActions.Invoking(() => new AbsolutePath("/etc").Resolve(text)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_child_is_one_plain_name()
    {
        new AbsolutePath("/a").Child("b").Value.Should().Be("/a/b");
        new AbsolutePath("/").Child("b").Value.Should().Be("/b");
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("b/c")]
    [InlineData("/b")]
    [InlineData("b\nc")]
    public void Nothing_else_is_a_child(string name) =>
        FluentActions.Invoking(() => new AbsolutePath("/a").Child(name)).Should().Throw<ArgumentException>();

    [Fact]
    public void Paths_are_equal_when_their_normal_form_is() =>
        new AbsolutePath("/a/../b/").Should().Be(new AbsolutePath("/b"));
}
