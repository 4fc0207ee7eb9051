using FluentAssertions;
using VmExecutor.Core.Clones.Parts;
using Xunit;

namespace VmExecutor.Core.Tests.Clones.Parts;

public sealed class DomainPartsTests
{
    private const string Installed = "/usr/share/libvirt/schemas";

    [Fact]
    public void Each_element_and_attribute_of_the_installed_libvirts_schema_has_a_row()
    {
        // Debian's libvirt0 has it, without which there is no virsh and no libvirtd.
        const string Missing = "libvirt's schemas are not installed: executor/setup";
        var isInstalled = File.Exists(Path.Combine(Installed, "domaincommon.rng"));
        Assert.SkipUnless(isInstalled || Environment.GetEnvironmentVariable("CI") == "true", Missing);
        isInstalled.Should().BeTrue(Missing);

        var names = DomainSchema.NamesIn(Installed);

        names.Count.Should().BeGreaterThan(2000, "the schema of libvirt 9.0 has more");
        names.Where(name => !name.Path.StartsWith("metadata/", StringComparison.Ordinal))
            .Where(name => DomainParts.RuleForAll(name.Path.Split('/', StringSplitOptions.RemoveEmptyEntries), name.Attribute) is null)
            .Select(name => name.Attribute is null ? name.Path : $"{name.Path}/@{name.Attribute}")
            .Order(StringComparer.Ordinal)
            .Should().BeEmpty();
    }

    [Theory]
    [InlineData("devices/hostdev\n")]
    [InlineData("foo\n/bar")]
    [InlineData("foo\n")]
    public void A_name_with_a_line_break_is_no_part(string name) => DomainParts.WhyNotAllowed(name).Should().NotBeNull();
}
