using System.Runtime.InteropServices;
using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using Xunit;

namespace VmExecutor.Host.Tests.Files;

/// <summary>
/// In a directory that others may write to, a file is exchanged for something else all the time, by rename(2). Opening it gives the file or the reason
/// why not, and never waits.
/// </summary>
public sealed partial class ExchangedFileTests : IDisposable
{
    private const string Content = "the file\n";
    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(300);
    private readonly CancellationTokenSource _over = new();
    private readonly OddFile _odd = new();
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-exchange-").FullName);

    private Task _exchange = Task.CompletedTask;

    public void Dispose()
    {
        _over.Cancel();
        _exchange.Wait(TimeSpan.FromSeconds(20));
        _over.Dispose();
        _odd.Dispose();
        Directory.Delete(_directory.Value, recursive: true);
    }

    private static Dictionary<string, Func<string, string?>> Ways => new()
    {
        ["text"] = path => HostFile.ReadAllText(path),
        ["text, awaited"] = path => HostFile.ReadAllTextAsync(path, CancellationToken.None).GetAwaiter().GetResult(),
        ["lines"] = path => string.Concat(HostFile.ReadLines(path).Select(line => line + "\n")),
        ["end"] = path => BoundedText.ReadEndOf(path, 100),
        ["stream"] = path =>
        {
            using var stream = HostFile.OpenRead(path);
            return Read(stream);
        },
        ["stream to read and write"] = path =>
        {
            using var stream = HostFile.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
            return Read(stream);
        },
        ["handle"] = path =>
        {
            using var handle = HostFile.OpenHandle(path);
            using var stream = new FileStream(handle, FileAccess.Read);
            return Read(stream);
        },
        ["copy"] = path =>
        {
            HostFile.Copy(path, path + ".copy", overwrite: true);
            return File.ReadAllText(path + ".copy");
        },
        ["append"] = path =>
        {
            HostFile.AppendAllText(path, "");
            return null;
        },
    };

    public static TheoryData<string, string> Openings
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var way in Ways.Keys)
            {
                foreach (var kind in OddFile.Kinds)
                {
                    all.Add(way, kind);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Openings))]
    public async Task A_file_that_is_exchanged_while_it_is_opened_is_the_file_or_refused(string way, string kind)
    {
        var odd = _odd.Make(kind);
        var (file, path) = (_directory.Child("real"), _directory.Child("file"));
        File.WriteAllText(file.Value, Content);
        File.CreateSymbolicLink(path.Value, file.Value);
        _exchange = Task.Factory.StartNew(() => Exchange(path, [odd, file], _over.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        var (read, refused) = await OddFile.WithoutHangingAsync(() => Open(Ways[way], path, kind));
        await _over.CancelAsync();
        await _exchange;

        read.Should().BePositive("both were there");
        refused.Should().BePositive("both were there");
    }

    [Fact]
    public void A_file_that_is_not_there_is_made_also_where_a_link_leads()
    {
        File.CreateSymbolicLink(_directory.Child("one").Value, "two");
        File.CreateSymbolicLink(_directory.Child("two").Value, _directory.Child("three").Value);

        HostFile.WriteAllText(_directory.Child("one").Value, Content);

        File.ReadAllText(_directory.Child("three").Value).Should().Be(Content);
        HostFile.AppendAllText(_directory.Child("new").Value, "a");
        HostFile.AppendAllText(_directory.Child("new").Value, "b");
        File.ReadAllText(_directory.Child("new").Value).Should().Be("ab");
    }

    [Fact]
    public void A_file_that_another_holds_alone_is_named_by_its_own_path()
    {
        var path = _directory.Child("held").Value;
        using var held = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        var open = () => HostFile.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        open.Should().Throw<HostFileException>().WithMessage($"{path} cannot be written: *'{path}'*used by another process*");
    }

    [Fact]
    public void A_stream_has_the_name_of_its_file()
    {
        var path = _directory.Child("name").Value;
        File.WriteAllText(path, Content);
        using var stream = HostFile.OpenRead(path);

        stream.Name.Should().Be(path);
        stream.Length.Should().Be(Content.Length);
    }

    private static string Read(FileStream stream)
    {
        var buffer = new byte[100];
        return System.Text.Encoding.UTF8.GetString(buffer, 0, stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));
    }

    private static (int Read, int Refused) Open(Func<string, string?> way, AbsolutePath path, string kind)
    {
        var (read, refused) = (0, 0);
        for (var begin = Environment.TickCount64; Environment.TickCount64 - begin < Length.TotalMilliseconds || read == 0 || refused == 0;)
        {
            try
            {
                way(path.Value).Should().BeOneOf(Content, null);
                read++;
            }
            catch (HostFileException e)
            {
                e.Message.Should().EndWith($"it is {kind}");
                refused++;
            }
        }

        return (read, refused);
    }

    private static void Exchange(AbsolutePath path, AbsolutePath[] targets, CancellationToken over)
    {
        for (var turn = 0; !over.IsCancellationRequested; turn++)
        {
            var next = $"{path}.next";
            File.CreateSymbolicLink(next, targets[turn % targets.Length].Value);

            // .NET puts nothing in the place of a link to a directory.
            if (Rename(next, path.Value) != 0)
            {
                throw new IOException(Marshal.GetLastPInvokeErrorMessage());
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
