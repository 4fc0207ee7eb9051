using System.Formats.Tar;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Files;

/// <summary>Each kind of call of the file wrapper on each kind of file system that refuses: it works all the same, or one message has the path, the reason and what to do.</summary>
public sealed class FileTroubleTests(FileTroubleTests.Places places) : IClassFixture<FileTroubleTests.Places>
{
    private enum Needs
    {
        /// <summary>The file system can be read.</summary>
        Read,

        /// <summary>Names, modes and locks can be changed.</summary>
        Change,

        /// <summary>There is room, too.</summary>
        Room,
    }

    public static TheoryData<FileTrouble, string> Rows
    {
        get
        {
            var rows = new TheoryData<FileTrouble, string>();
            foreach (var trouble in Enum.GetValues<FileTrouble>())
            {
                foreach (var way in Ways.Keys)
                {
                    rows.Add(trouble, way);
                }
            }

            return rows;
        }
    }

    /// <summary>The actions on the directory <c>state</c>, in which there are <c>old</c>, <c>link</c>, <c>full/inner</c> and <c>empty</c>.</summary>
    private static Dictionary<string, (Needs Needs, Func<AbsolutePath, Task> Act)> Ways => new()
    {
        ["read a text"] = Plain(Needs.Read, state => HostFile.ReadAllText(Old(state))),
        ["read bytes"] = Plain(Needs.Read, state => HostFile.ReadAllBytes(Old(state))),
        ["read lines"] = Plain(Needs.Read, state => HostFile.ReadLines(Old(state))),
        ["read, awaited"] = (Needs.Read, state => HostFile.ReadAllTextAsync(Old(state), CancellationToken.None)),
        ["read what a person names"] = (Needs.Read, state => HostFile.ReadGivenTextAsync(Old(state), CancellationToken.None)),
        ["read the end"] = Plain(Needs.Read, state => BoundedText.ReadEndOf(Old(state), 10)),
        ["open for reading"] = Plain(Needs.Read, state => HostFile.OpenRead(Old(state)).Dispose()),
        ["open a handle"] = Plain(Needs.Read, state => HostFile.OpenHandle(Old(state)).Dispose()),
        ["checksum"] = (Needs.Read, state => FileChecksum.Sha256Async(state.Child("old"), _ => { }, CancellationToken.None)),
        ["exists"] = Plain(Needs.Read, state => HostFile.Exists(Old(state))),
        ["directory exists"] = Plain(Needs.Read, state => HostDirectory.Exists(state.Child("full").Value)),
        ["mode"] = Plain(Needs.Read, state => HostFile.GetUnixFileMode(Old(state))),
        ["link"] = Plain(Needs.Read, state => HostFile.LinkTarget(state.Child("link").Value)),
        ["end of links"] = Plain(Needs.Read, state => HostFile.FinalTarget(state.Child("link").Value)),
        ["list files"] = Plain(Needs.Read, state => HostDirectory.Files(state)),
        ["list all below"] = Plain(Needs.Read, state => HostDirectory.Below(state).ToList()),
        ["list directories"] = Plain(Needs.Read, state => HostDirectory.Directories(state)),
        ["list all"] = Plain(Needs.Read, state => HostDirectory.List(state)),
        ["room"] = Plain(Needs.Read, state => HostDirectory.Room(state.Value)),
        ["sync"] = Plain(Needs.Read, state => FileSystemSync.Of(state.Child("old"))),
        ["sync names"] = Plain(Needs.Read, state => HostDirectory.Flush(state.Value)),

        ["open a handle for writing"] = Plain(Needs.Change, state => HostFile.OpenHandle(Old(state), FileMode.OpenOrCreate, FileAccess.ReadWrite).Dispose()),
        ["remove"] = Plain(Needs.Change, state => HostFile.Delete(Old(state))),
        ["rename"] = Plain(Needs.Change, state => HostFile.Move(Old(state), state.Child("new").Value)),
        ["rename over"] = Plain(Needs.Change, state => HostFile.Move(Old(state), state.Child("full").Child("inner").Value, overwrite: true)),
        ["chmod"] = Plain(Needs.Change, state => HostFile.SetUnixFileMode(Old(state), UnixFileMode.UserRead)),
        ["remove a directory"] = Plain(Needs.Change, state => HostDirectory.Delete(state.Child("empty").Value, recursive: false)),
        ["remove a tree"] = Plain(Needs.Change, state => HostDirectory.Delete(state.Child("full").Value, recursive: true)),
        ["empty a directory"] = Plain(Needs.Change, state => HostDirectory.Empty(state, except: "old")),
        ["rename a directory"] = Plain(Needs.Change, state => HostDirectory.Move(state.Child("full").Value, state.Child("new").Value)),
        ["make a directory"] = Plain(Needs.Change, state => HostDirectory.CreateDirectory(state.Child("new").Value)),
        ["make a directory with its mode"] = Plain(Needs.Change, state => HostDirectory.CreateDirectory(state.Child("new").Value, UnixFileMode.UserRead)),
        ["make directories"] = Plain(Needs.Change, state => StateDirectories.Make(state.Resolve("new/below"))),
        ["lock"] = Plain(Needs.Change, state => KernelLock.TryTake(state.Child("lock"), 1)?.Dispose()),
        ["look for a lock"] = Plain(Needs.Change, state => KernelLock.FindHeld(state.Child("lock"), 1, 1)),

        ["write"] = Plain(Needs.Room, state => HostFile.WriteAllText(state.Child("new").Value, "x")),
        ["write over"] = Plain(Needs.Room, state => HostFile.WriteAllText(state.Child("void").Value, "x")),
        ["write, awaited"] = (Needs.Room, state => HostFile.WriteAllTextAsync(state.Child("new").Value, "x", CancellationToken.None)),
        ["append"] = Plain(Needs.Room, state => HostFile.AppendAllText(state.Child("void").Value, "x")),
        ["stream"] = (Needs.Room, state => StreamAsync(state, stream => stream.WriteByte(1))),
        ["stream, flushed"] = (Needs.Room, state => StreamAsync(state, stream =>
        {
            stream.Write([1]);
            stream.Flush();
        })),
        ["stream, awaited"] = (Needs.Room, state => StreamAsync(state, _ => { }, stream => stream.WriteAsync(new byte[] { 1 }, 0, 1))),
        ["stream, flush awaited"] = (Needs.Room, state => StreamAsync(state, stream => stream.Write([1]), stream => stream.FlushAsync())),
        ["stream, copied to"] = (Needs.Room, state => StreamAsync(state, _ => { }, stream => new MemoryStream([1]).CopyToAsync(stream))),
        ["append a line"] = Plain(Needs.Room, state => new LineFile(state.Child("void"), 1000, 1).Append("x\n")),
        ["begin a file of lines anew"] = Plain(Needs.Room, state => new LineFile(state.Child("old"), 1, 1).Append("x\n")),
        ["exchange"] = Plain(Needs.Room, state => AtomicFile.Write(state.Child("old"), "x", UnixFileMode.UserRead)),
        ["exchange durably"] = Plain(Needs.Room, state => AtomicFile.Write(state.Child("old"), "x", UnixFileMode.UserRead, durably: true)),
        ["exchange with a copy"] = Plain(Needs.Room, state => KeptFile.Replace(state.Child("old"), "x", ".bak")),
        ["exchange behind a link"] = Plain(Needs.Room, state => KeptFile.Replace(state.Child("link"), "x", ".bak")),
        ["copy"] = Plain(Needs.Room, state => HostFile.Copy(Old(state), state.Child("new").Value)),
        ["copy in"] = Plain(Needs.Room, state => HostFile.Copy("/etc/passwd", state.Child("new").Value)),
        ["unpack"] = Plain(Needs.Room, state => TarFiles.Unpack(Tar(), state, new HashSet<string> { "packed" }, 1 << 20)),
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Each_call_works_or_says_the_path_the_reason_and_what_to_do(FileTrouble trouble, string way)
    {
        var small = places.With(trouble);
        var (needs, act) = Ways[way];

        var failure = await CaughtAsync(() => act(small.Root.Child("state")));

        if (Works(trouble, needs))
        {
            failure.Should().BeNull();
            return;
        }

        var told = failure.Should().BeOfType<HostFileException>().Which;
        told.Code.Should().Be(ErrorCodes.HostFileFailed);
        told.Message.Should().Contain($"{small.Root}/state").And.EndWith($": {SmallFileSystem.Words(trouble)}");
        told.Hint.Should().Contain(Hint(trouble));
        told.IsMissing.Should().BeFalse("this is not 'it is not there'");
    }

    [Theory]
    [InlineData(FileTrouble.Foreign)]
    [InlineData(FileTrouble.ServerGone)]
    public void A_path_that_cannot_be_looked_at_is_not_taken_for_missing(FileTrouble trouble)
    {
        using var small = SmallFileSystem.Make("printf old >state/old");
        small.Cause(trouble);

        HostFile.Look(Old(small.Root.Child("state"))).Should().Be(Presence.Unknown);
        HostDirectory.Look(small.Root.Child("state").Value).Should().Be(Presence.Unknown);
        FileStat.IsMissing(small.Root.Child("state")).Should().BeFalse();
    }

    [Fact]
    public void A_mended_place_works_again()
    {
        using var small = SmallFileSystem.Make("printf old >state/old");
        foreach (var trouble in Enum.GetValues<FileTrouble>())
        {
            small.Cause(trouble);
            small.Mend();

            HostFile.WriteAllText(Old(small.Root.Child("state")), trouble.ToString());
            HostFile.ReadAllText(Old(small.Root.Child("state"))).Should().Be(trouble.ToString());
        }
    }

    private static bool Works(FileTrouble trouble, Needs needs) => trouble switch
    {
        FileTrouble.ReadOnly or FileTrouble.Immutable => needs == Needs.Read,
        FileTrouble.Full => needs != Needs.Room,
        _ => false,
    };

    private static string Hint(FileTrouble trouble) => trouble switch
    {
        FileTrouble.ReadOnly => "writable again",
        FileTrouble.Full => "Make room",
        FileTrouble.Immutable => "chattr",
        FileTrouble.Foreign => "allow_other",
        FileTrouble.ServerGone => "findmnt",
        FileTrouble.Broken => "dmesg",
        FileTrouble.Stale => "Mount the network file system again",
        _ => throw new ArgumentOutOfRangeException(nameof(trouble), trouble, null),
    };

    private static string Old(AbsolutePath state) => state.Child("old").Value;

    private static (Needs, Func<AbsolutePath, Task>) Plain<T>(Needs needs, Func<AbsolutePath, T> act) => Plain(needs, state => { _ = act(state); });

    private static (Needs, Func<AbsolutePath, Task>) Plain(Needs needs, Action<AbsolutePath> act)
    {
        return (needs, ActAsync);

        Task ActAsync(AbsolutePath state)
        {
            act(state);
            return Task.CompletedTask;
        }
    }

    private static async Task StreamAsync(AbsolutePath state, Action<Stream> act, Func<Stream, Task>? actAsync = null)
    {
        await using var stream = HostFile.Open(state.Child("void").Value, FileMode.Open, FileAccess.Write);
        act(stream);
        await (actAsync?.Invoke(stream) ?? Task.CompletedTask);
    }

    private static MemoryStream Tar()
    {
        var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "packed") { DataStream = new MemoryStream([1, 2, 3]) });
        }

        tar.Position = 0;
        return tar;
    }

    private static async Task<Exception?> CaughtAsync(Func<Task> act)
    {
        try
        {
            await act();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    /// <summary>One file system for each trouble; where calls succeed and change it, one for each call.</summary>
    public sealed class Places : IDisposable
    {
        private readonly Dictionary<FileTrouble, SmallFileSystem> _made = [];

        public void Dispose() => _made.Values.ToList().ForEach(made => made.Dispose());

        internal SmallFileSystem With(FileTrouble trouble)
        {
            if (!_made.TryGetValue(trouble, out var small) || trouble == FileTrouble.Full)
            {
                small?.Dispose();
                _made[trouble] = small = SmallFileSystem.Make(
                    "printf old >state/old; ln -s old state/link; mkdir state/full state/empty; echo inner >state/full/inner; : >state/void; : >state/lock");
                small.Cause(trouble);
            }

            return small;
        }
    }
}
