using System.Xml.Linq;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Core.Tests.Conventions;

/// <summary>The Debian package's copyright file names the libraries that are compiled into the program, and no others.</summary>
public sealed class LicenceTests
{
    [Fact]
    public void The_copyright_file_names_each_package_that_is_compiled_in()
    {
        var packages = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .SelectMany(project => XDocument.Load(project).Descendants("PackageReference").Select(reference => (string)reference.Attribute("Include")!))
            .Distinct(StringComparer.Ordinal);
        var lines = File.ReadAllText(Path.Combine(Repository.Root, "executor/package/copyright")).Split("own licence:")[1].ReplaceLineEndings(" ");
        var named = lines.TrimEnd(' ', '.').Split(',', StringSplitOptions.TrimEntries).Select(name => name.Split(" (")[0]).Where(name => name != ".NET runtime");

        named.Should().BeEquivalentTo(packages);
    }
}
