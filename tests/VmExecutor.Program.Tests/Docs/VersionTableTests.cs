using FluentAssertions;
using VmExecutor.Host.Hypervisor;
using Xunit;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>docs/install.md tells the driver's own table of versions.</summary>
public sealed class VersionTableTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Page.Root, "docs/install.md"));

    [Fact]
    public void The_page_has_each_difference_between_versions_and_no_other() =>
        TableBelow("| of | since |").Should().Equal(HypervisorFeatures.All.Select(feature =>
            $"| {(feature.Component == HypervisorComponent.Qemu ? "QEMU" : "libvirt")} | {feature.Since} | {feature.Use} | {feature.Without} |"));

    [Fact]
    public void The_page_has_each_system_that_was_tried_and_no_other() =>
        TableBelow("| system |").Should().Equal(HypervisorFeatures.Tried.Select(tried => $"| {tried.System} | {tried.Version.Libvirt} | {tried.Version.Qemu} |"));

    private static IEnumerable<string> TableBelow(string head) =>
        Lines.SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|'));
}
