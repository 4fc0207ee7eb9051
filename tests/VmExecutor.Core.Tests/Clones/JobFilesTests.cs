using System.Reflection;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class JobFilesTests
{
    private static readonly JobPaths Paths = JobPaths.For(new AbsolutePath("/state"), new JobKey("https://gitlab.example.com", "abc", 1));

    [Fact]
    public void Every_path_of_a_job_is_declared_once()
    {
        var paths = typeof(JobPaths).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.PropertyType == typeof(AbsolutePath))
            .Select(property => (AbsolutePath)property.GetValue(Paths)!).Where(path => path.Value.StartsWith($"{Paths.Directory}/", StringComparison.Ordinal)).ToList();

        paths.Should().HaveCountGreaterThan(10).And.OnlyContain(path => JobFiles.IsOurs(path.Name));
        JobFiles.IsOurs(Paths.Overlay("vda").Name).Should().BeTrue();
        var declared = typeof(JobFiles).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (JobFile)field.GetValue(null)!);
        JobFiles.All.Should().BeEquivalentTo(declared);
        JobFiles.All.Select(file => file.Name).Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("id_ed25519.pub")]
    [InlineData("console.log.0")]
    [InlineData("console.log.12")]
    [InlineData("known_hosts.old")]
    [InlineData("ssh.sock.a1B2c3D4e5F6g7H8")]
    [InlineData("4194304.ssh.sock")]
    [InlineData("4194304.ssh.sock.a1B2c3D4e5F6g7H8")]
    [InlineData("4194304.ssh.log")]
    [InlineData("job.json.0123456789abcdef0123456789abcdef.tmp")]
    [InlineData("sda.qcow2")]
    public void Names_that_come_of_ours_are_ours(string name) => JobFiles.IsOurs(name).Should().BeTrue();

    [Theory]
    [InlineData("thesis.tex")]
    [InlineData("notes")]
    [InlineData("id_rsa")]
    [InlineData("id_rsa.pub")]
    [InlineData("thesis.0123456789abcdef0123456789abcdef.tmp")]
    [InlineData(".qcow2")]
    [InlineData("backup.tar.1")]
    [InlineData("job.json\n.1")]
    public void A_name_that_only_looks_like_one_of_ours_is_not(string name) => JobFiles.IsOurs(name).Should().BeFalse();
}
