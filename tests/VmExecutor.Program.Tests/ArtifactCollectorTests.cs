using System.Text;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Observing;
using VmExecutor.Program.Tests.Publishing;
using VmExecutor.Trials;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Artifacts of a trial, with this machine's sh, find and tar in the guest's place, and with a guest that sends something else.</summary>
public sealed class ArtifactCollectorTests : IDisposable
{
    private const long Longest = 1 << 20;
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-artifacts-").FullName);
    private readonly StringWriter _log = new();
    private readonly Job _job = new() { Key = new JobKey("https://gitlab.example.com", "abc", 1), Id = 1, Server = "https://gitlab.example.com", ProjectPath = "group/project", Timeout = TimeSpan.FromHours(1) };

    private AbsolutePath Project => _directory.Child("project");

    private AbsolutePath Target => _directory.Child("out");

    private JobPaths Paths => JobPaths.For(_directory.Child("state"), _job.Key);

    public ArtifactCollectorTests()
    {
        Directory.CreateDirectory(Project.Child("sub").Value);
        File.WriteAllText(Project.Child("a.txt").Value, "a");
        File.WriteAllText(Project.Resolve("sub/b.txt").Value, "b");
        File.CreateSymbolicLink(Project.Child("link.txt").Value, "/etc/hostname");
        new JobDirectory(_job.Key, Paths).Create(TestRecord.Of(_job.Key, _directory.Child("state")) with { Guest = new GuestRecord("127.0.0.1", 22, "ci", "/key", [], "bash") });
    }

    public void Dispose()
    {
        _log.Dispose();
        Directory.Delete(_directory.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task Files_of_the_guest_come_into_the_directory_and_links_do_not()
    {
        await CollectAsync((script, output) => HostShell.RunAsync("sh", script, output));

        Directory.GetFiles(Target.Value, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Target.Value, file)).Should().BeEquivalentTo("a.txt", "sub/b.txt");
        _log.ToString().Should().Contain("symbolic links are not kept: link.txt").And.Contain("2 artifacts");
        File.Exists(Paths.Artifacts.Value).Should().BeFalse();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("find \"$root")]
    [InlineData("exec tar")]
    public async Task A_guest_that_sends_without_end_is_stopped(string tool)
    {
        var sent = 0L;
        var collect = () => CollectAsync(async (script, output) =>
        {
            if (!Encoding.UTF8.GetString(script.Span).Contains(tool, StringComparison.Ordinal))
            {
                return await HostShell.RunAsync("sh", script, output);
            }

            for (var block = Encoding.ASCII.GetBytes(new string('x', 65536)); sent < 1L << 40; sent += block.Length)
            {
                await output.WriteAsync(block);
            }

            return new ScriptExit(0);
        });

        var failure = (await collect.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.ArtifactsNotKept);
        failure.Message.Should().Contain("and no more are taken");
        failure.Hint.Should().Contain("artifacts:paths");
        sent.Should().BeLessThan(ArtifactCollector.LongestList + 65536);
        File.Exists(Paths.Artifacts.Value).Should().BeFalse();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("printf '%01536d' 0", "no tar archive")]
    [InlineData("truncate -s 2M \"$1/sparse\"; cd \"$1\"; mv sparse a.txt; tar -cSf - ./a.txt", "sparse")]
    [InlineData("cd \"$1\"; tar -cf - ./a.txt | head -c 300", "middle of an entry")]
    public async Task An_archive_that_is_none_or_another_is_refused(string instead, string why)
    {
        var collect = () => CollectAsync((script, output) => Encoding.UTF8.GetString(script.Span).Contains("tar -cf", StringComparison.Ordinal)
            ? HostShell.RunAsync("sh", Encoding.UTF8.GetBytes($"set -- {Project}\n{instead}\n"), output)
            : HostShell.RunAsync("sh", script, output));

        var failure = (await collect.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.ArtifactsNotKept);
        failure.Message.Should().Contain("the archive from the guest is refused").And.Contain(why);
        File.Exists(Paths.Artifacts.Value).Should().BeFalse();
    }

    private Task<int> CollectAsync(Func<ReadOnlyMemory<byte>, Stream, Task<ScriptExit>> script) =>
        new ArtifactCollector(new FakeGuestShell { Script = script }, new JobLog(_log), Longest).CollectAsync(
            new CiArtifacts { Paths = ["*.txt", "sub/"] }, new Dictionary<string, string>(), Project.Value, Target, _job, Paths, TestContext.Current.CancellationToken);
}
