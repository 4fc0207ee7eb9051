using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Files;

/// <summary>Each failure of the file system is one message: the path, the system's words, what to do.</summary>
public sealed class HostFileTests : IDisposable
{
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-files-").FullName);

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    public static TheoryData<string> Ways => [.. AllWays.Keys];

    /// <summary>Every way to write or remove, at a path below a directory.</summary>
    private static Dictionary<string, Action<AbsolutePath>> AllWays => new()
    {
        ["write"] = path => HostFile.WriteAllText(path.Child("new").Value, new string('x', 100_000)),
        ["append"] = path => HostFile.AppendAllText(path.Child("new").Value, new string('x', 100_000)),
        ["stream"] = path =>
        {
            using var stream = HostFile.Open(path.Child("new").Value, FileMode.Create, FileAccess.Write);
            stream.Write(new byte[100_000]);
        },
        ["buffered stream"] = path =>
        {
            using var stream = HostFile.Open(path.Child("new").Value, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 200_000 });
            stream.Write(new byte[100_000]);
        },
        ["atomic"] = path => AtomicFile.Write(path.Child("old"), new string('x', 100_000), UnixFileMode.UserRead | UnixFileMode.UserWrite, durably: true),
        ["copy"] = path => HostFile.Copy("/proc/kallsyms", path.Child("new").Value),
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_full_disk_is_told_as_one_with_the_path(string way)
    {
        using var small = SmallFileSystem.Make("echo old >state/old");
        small.Cause(FileTrouble.Full);

        var failure = Failure(() => AllWays[way](small.Root.Child("state")));

        failure.Message.Should().Contain($"{small.Root}/state/").And.EndWith("No space left on device");
        failure.Hint.Should().StartWith("Make room");
        File.ReadAllText(small.Root.Resolve("state/old").Value).Should().Be("old\n");
        Directory.GetFiles(small.Root.Resolve("state").Value, "*.tmp").Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_read_only_file_system_is_told_as_one(string way)
    {
        using var small = SmallFileSystem.Make("echo old >state/old");
        small.Cause(FileTrouble.ReadOnly);

        var failure = Failure(() => AllWays[way](small.Root.Child("state")));

        failure.Message.Should().Contain($"{small.Root}/state/").And.EndWith("Read-only file system");
        failure.Hint.Should().Contain("read-only");
    }

    [Fact]
    public void Removing_moving_and_chmod_on_a_read_only_file_system_fail_in_the_same_way()
    {
        using var small = SmallFileSystem.Make("echo old >state/old; mkdir state/directory");
        small.Cause(FileTrouble.ReadOnly);
        var old = small.Root.Resolve("state/old").Value;

        foreach (var act in new Action[]
        {
            () => HostFile.Delete(old), () => HostFile.Move(old, $"{old}2"), () => HostFile.SetUnixFileMode(old, UnixFileMode.UserRead),
            () => HostDirectory.Delete(small.Root.Resolve("state/directory").Value, recursive: true), () => HostDirectory.CreateDirectory($"{old}.d"),
            () => HostDirectory.Move(small.Root.Resolve("state/directory").Value, $"{old}.d"), () => HostDirectory.Empty(small.Root.Resolve("state"), except: "none"),
        })
        {
            Failure(act).Message.Should().EndWith("Read-only file system");
        }

        HostFile.TryDelete(old);
        HostDirectory.TryDelete(small.Root.Resolve("state/directory").Value);
        File.Exists(old).Should().BeTrue();
    }

    [Fact]
    public void A_look_for_a_file_has_three_answers()
    {
        var hidden = Directory.CreateDirectory(_directory.Child("hidden").Value, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(hidden.FullName, "file"), "");
        File.SetUnixFileMode(_directory.Value, (UnixFileMode)0b111_101_101);
        var (file, none) = (Path.Combine(hidden.FullName, "file"), Path.Combine(hidden.FullName, "none"));

        HostFile.Look(file).Should().Be(Presence.There);
        HostFile.Look(none).Should().Be(Presence.Missing);
        HostFile.Look(Path.Combine(file, "below")).Should().Be(Presence.Missing);
        HostDirectory.Look(file).Should().Be(Presence.Missing);
        HostDirectory.Look(hidden.FullName).Should().Be(Presence.There);
        foreach (var path in new[] { file, none })
        {
            OtherUser.Does(() => HostFile.Look(path)).Should().Be(Presence.Unknown);
            OtherUser.Does(() => HostDirectory.Look(path)).Should().Be(Presence.Unknown);
            var ask = () => OtherUser.Does(() => HostFile.Exists(path));
            var failure = ask.Should().Throw<HostFileException>().Which;
            failure.Message.Should().Be($"{path} cannot be looked at: Permission denied");
            failure.IsMissing.Should().BeFalse();
            failure.Hint.Should().Contain("namei");
        }
    }

    [Fact]
    public void A_loop_of_links_says_nothing_about_what_is_there()
    {
        File.CreateSymbolicLink(_directory.Child("a").Value, "b");
        File.CreateSymbolicLink(_directory.Child("b").Value, "a");

        HostFile.Look(_directory.Child("a").Value).Should().Be(Presence.Unknown);
    }

    [Fact]
    public void Other_reasons_have_their_own_words_and_hints()
    {
        Failure(() => HostFile.ReadAllText(_directory.Child("none").Value)).Should().Match<HostFileException>(e => e.IsMissing && e.Message.EndsWith("No such file or directory"));
        Failure(() => HostFile.WriteAllText(_directory.Child(new string('x', 300)).Value, "")).Hint.Should().Contain("shorter");
        File.SetUnixFileMode(_directory.Value, (UnixFileMode)0b111_101_101);
        File.WriteAllText(_directory.Child("mine").Value, "");
        File.SetUnixFileMode(_directory.Child("mine").Value, UnixFileMode.UserRead);
        Failure(() => OtherUser.Does(() => HostFile.ReadAllText(_directory.Child("mine").Value))).Message.Should().Be($"{_directory}/mine cannot be read: Permission denied");
    }

    [Fact]
    public void A_failure_that_is_wrapped_says_its_path_and_reason_once()
    {
        var inner = Failure(() => HostFile.ReadAllText(_directory.Child("none").Value));

        new HostFileException($"the image's file {_directory}/none cannot be read", inner).Message.Should().Be($"the image's file {_directory}/none cannot be read: No such file or directory");
        new HostFileException("the list cannot be made", inner).Message.Should().Be($"the list cannot be made: {_directory}/none cannot be read: No such file or directory");
        new HostFileException("the list cannot be made", inner).IsMissing.Should().BeTrue();
    }

    [Fact]
    public void A_files_mode_does_not_depend_on_the_umask()
    {
        const UnixFileMode Everybody = (UnixFileMode)0b110_110_110;

        AtomicFile.Write(_directory.Child("metrics.prom"), "1", Everybody);

        File.GetUnixFileMode(_directory.Child("metrics.prom").Value).Should().Be(Everybody, "this process has the usual umask");
    }

    [Fact]
    public void A_file_that_cannot_be_exchanged_is_told_by_its_own_name()
    {
        var file = new AbsolutePath("/proc/vmx/metrics.prom");

        Failure(() => AtomicFile.Write(file, "1", UnixFileMode.UserRead)).Message.Should().Be($"{file} cannot be written: No such file or directory");
        Failure(() => AtomicFile.Write(_directory, "1", UnixFileMode.UserRead)).Message.Should().Be($"{_directory} cannot be written: it is a directory");
    }

    private static HostFileException Failure(Action act)
    {
        var failure = act.Should().Throw<HostFileException>().Which;
        failure.Code.Should().Be(ErrorCodes.HostFileFailed);
        return failure;
    }
}
