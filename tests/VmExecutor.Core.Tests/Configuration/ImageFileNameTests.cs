using FluentAssertions;
using VmExecutor.Core.Configuration;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration;

/// <summary>Tells the files of the images' directory that are images from those that only look like some, and from others.</summary>
public sealed class ImageFileNameTests
{
    [Theory]
    [InlineData("debian-12.yaml")]
    [InlineData("debian.yml.yaml")]
    public void A_name_that_ends_in_yaml_is_an_image(string name)
    {
        ImageFileName.IsImage(name).Should().BeTrue();
        ImageFileName.WhyIgnored(name).Should().BeNull();
    }

    [Theory]
    [InlineData("a.yaml~", "an editor")]
    [InlineData("a.yaml.~1~", "an editor")]
    [InlineData("#a.yaml#", "an editor")]
    [InlineData(".#a.yaml", "an editor")]
    [InlineData(".a.yaml.swp", "an editor")]
    [InlineData("a.yaml.swo", "an editor")]
    [InlineData("a.yaml.save.1", "an editor")]
    [InlineData("a.yaml.bak", "an editor")]
    [InlineData("a.yaml.orig", "an editor")]
    [InlineData("._a.yaml", "an editor")]
    [InlineData("a.yaml.dpkg-dist", "a package manager")]
    [InlineData("a.yaml.dpkg-old", "a package manager")]
    [InlineData("a.yml.rpmnew", "a package manager")]
    [InlineData("a.yaml.rpmsave", "a package manager")]
    [InlineData("a.yaml.ucf-dist", "a package manager")]
    [InlineData("a.yaml.pacnew", "a package manager")]
    [InlineData("._cfg0000_a.yaml", "a package manager")]
    [InlineData("a.yml", "images are files that end in .yaml")]
    [InlineData("a.YAML", "images are files that end in .yaml")]
    [InlineData("a.json", "images are files that end in .yaml")]
    [InlineData(".a.yaml", "begins with a dot")]
    [InlineData(".yaml", "begins with a dot")]
    [InlineData("a.yaml ", "does not end in .yaml")]
    [InlineData("a.yaml.disabled", "does not end in .yaml")]
    [InlineData("a.yaml.j2", "does not end in .yaml")]
    [InlineData("a.yaml_", "does not end in .yaml")]
    public void A_name_that_looks_like_one_is_told_with_why(string name, string why)
    {
        ImageFileName.IsImage(name).Should().BeFalse();
        ImageFileName.WhyIgnored(name).Should().Contain(why);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("ci_ed25519.pub")]
    [InlineData(".gitignore")]
    [InlineData("yaml")]
    [InlineData("a.yamlish")]
    public void Other_files_may_lie_there(string name) => ImageFileName.WhyIgnored(name).Should().BeNull();
}
