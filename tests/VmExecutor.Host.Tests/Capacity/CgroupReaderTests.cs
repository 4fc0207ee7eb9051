using FluentAssertions;
using VmExecutor.Core.Capacity;
using VmExecutor.Host.Capacity;
using Xunit;

namespace VmExecutor.Host.Tests.Capacity;

public sealed class CgroupReaderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("vmx-cgroup-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_host_without_control_groups_has_no_limit() => CgroupReader.Read(Path.Combine(_root, "none")).Should().BeNull();

    [Fact]
    public void The_tightest_of_the_limits_around_the_host_and_around_its_VMs_counts()
    {
        Write("", ("memory.max", "8000\n"), ("memory.current", "7000\n"), ("memory.stat", "anon 1\ninactive_file 500\n"));
        CgroupReader.Read(_root).Should().Be(new CgroupMemory(8000, 1500));

        Write("machine.slice", ("memory.max", "6000\n"), ("memory.current", "1000\n"), ("memory.stat", ""));
        CgroupReader.Read(_root).Should().Be(new CgroupMemory(6000, 1500));

        Write("machine.slice", ("memory.max", "max\n"));
        CgroupReader.Read(_root).Should().Be(new CgroupMemory(8000, 1500));
    }

    [Fact]
    public void Version_1_has_a_directory_for_memory()
    {
        Write("memory", ("memory.limit_in_bytes", "8000\n"), ("memory.usage_in_bytes", "7000\n"), ("memory.stat", "inactive_file 1\ntotal_inactive_file 300\n"));

        CgroupReader.Read(_root).Should().Be(new CgroupMemory(8000, 1300));
    }

    private void Write(string group, params (string Name, string Text)[] files)
    {
        var directory = Directory.CreateDirectory(Path.Combine(_root, group));
        foreach (var (name, text) in files)
        {
            File.WriteAllText(Path.Combine(directory.FullName, name), text);
        }
    }
}
