using System.Diagnostics;
using System.Security.Cryptography;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Disks;

/// <summary>With the installed qemu-img, on sparse disks with some real data.</summary>
public sealed class DiskCopierTests : IDisposable
{
    private const int Mebibyte = 1 << 20;
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-copies-").FullName);
    private readonly DiskCopier _copier = new(new ToolEnvironment(QemuTool.Environment()), TimeProvider.System);
    private readonly QemuImg _qemuImg = new(new ToolRunner(new ToolEnvironment(QemuTool.Environment()), TimeProvider.System));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private AbsolutePath Copy => _directory.Child("copy.disk");

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    [Fact(Timeout = 120_000)]
    public async Task Copying_a_20_GiB_sparse_disk_with_96_MiB_of_data_costs_about_96_MiB_and_says_how_far_it_is()
    {
        var source = Sparse(20L << 30, mebibytes: 96);
        var told = new List<double>();

        var format = await _copier.CopyAsync(await _qemuImg.InspectAsync(source, "raw", Token), Copy, told.Add, Token);

        FileStat.TryRead(Copy)!.AllocatedBytes.Should().BeInRange(96L * Mebibyte, 112L * Mebibyte);
        QemuTool.Img("compare", "-f", "raw", "-F", format, source.Value, Copy.Value).Should().Contain("identical");
        told.Should().BeInAscendingOrder().And.HaveCountGreaterThan(2);
        told[^1].Should().Be(1);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_cancelled_copy_ends_qemu_img_at_once()
    {
        var source = Sparse(20L << 30, mebibytes: 256);
        var chain = await _qemuImg.InspectAsync(source, "raw", Token);
        using var cancel = new CancellationTokenSource();

        var copy = () => _copier.CopyAsync(
            chain,
            Copy,
            done =>
            {
                if (done is > 0 and < 1 && !cancel.IsCancellationRequested)
                {
                    cancel.Cancel();
                }
            },
            cancel.Token);

        await copy.Should().ThrowAsync<OperationCanceledException>();
        RunningOn(Copy).Should().BeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_qemu_img_that_hears_of_a_signal_before_we_do_is_cancelled_and_no_failure()
    {
        var chain = await _qemuImg.InspectAsync(Sparse(20L << 30, mebibytes: 256), "raw", Token);
        using var cancel = new CancellationTokenSource();
        var killed = false;

        var copy = () => _copier.CopyAsync(
            chain,
            Copy,
            done =>
            {
                if (done is > 0 and < 1 && !killed)
                {
                    killed = true;
                    RunningOn(Copy).ToList().ForEach(id => QemuTool.Run("kill", "-TERM", id));
                    cancel.CancelAfter(TimeSpan.FromMilliseconds(50));
                }
            },
            cancel.Token);

        await copy.Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_disk_that_qemu_writes_to_is_refused_and_says_so()
    {
        var source = _directory.Child("busy.qcow2");
        QemuTool.Img("create", "-q", "-f", "qcow2", source.Value, "16M");
        var chain = await _qemuImg.InspectAsync(source, "qcow2", Token);
        using var writer = Process.Start(new ProcessStartInfo("qemu-io", ["-f", "qcow2", source.Value]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        try
        {
            await writer.StandardInput.WriteLineAsync("write 0 64k".AsMemory(), Token);
            await writer.StandardInput.FlushAsync(Token);
            (await ReadUntilAsync(writer.StandardOutput, "wrote")).Should().BeTrue();

            var inspect = () => _qemuImg.InspectAsync(source, "qcow2", Token);
            var copy = () => _copier.CopyAsync(chain with { Files = [.. chain.Files, .. chain.Files] }, Copy, _ => { }, Token);

            (await inspect.Should().ThrowAsync<SystemFailureException>()).Which.Hint.Should().Contain("running VM");
            var failure = (await copy.Should().ThrowAsync<SystemFailureException>()).Which;
            failure.Code.Should().Be(ErrorCodes.BaseDiskUnusable);
            failure.Message.Should().Contain(source.Value).And.Contain("lock");
        }
        finally
        {
            writer.StandardInput.Close();
            await writer.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_full_disk_is_said_to_be_one()
    {
        var small = await MountAsync("-t", "tmpfs", "-o", "size=16m", "tmpfs");
        try
        {
            var chain = await _qemuImg.InspectAsync(Sparse(1L << 30, mebibytes: 32), "raw", Token);

            var copy = () => _copier.CopyAsync(chain, small.Child("copy.disk"), _ => { }, Token);

            var failure = (await copy.Should().ThrowAsync<SystemFailureException>()).Which;
            failure.Code.Should().Be(ErrorCodes.HostFileFailed);
            failure.Message.Should().Contain(chain.Top.Path.Value).And.Contain("MiB are left").And.Contain("No space left on device");
            failure.Hint.Should().Contain("image prune");
        }
        finally
        {
            QemuTool.Run("umount", small.Value);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Where_the_file_system_shares_blocks_a_copy_takes_no_room_and_keeps_the_format()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/mkfs.btrfs"), "there is no mkfs.btrfs here: apt-get install btrfs-progs");
        var image = _directory.Child("btrfs.raw");
        QemuTool.Img("create", "-q", "-f", "raw", image.Value, "512M");
        QemuTool.Run("/usr/sbin/mkfs.btrfs", "-q", image.Value);
        var mounted = await MountAsync("-t", "btrfs", "-o", "loop", image.Value);
        try
        {
            var source = mounted.Child("base.raw");
            File.Copy(Sparse(128L << 20, mebibytes: 64).Value, source.Value);
            QemuTool.Run("sync", "-f", source.Value);
            var free = new DriveInfo(mounted.Value).AvailableFreeSpace;
            var told = new List<double>();

            var format = await _copier.CopyAsync(await _qemuImg.InspectAsync(source, "raw", Token), mounted.Child("copy.disk"), told.Add, Token);

            QemuTool.Run("sync", "-f", source.Value);
            format.Should().Be("raw");
            told.Should().Equal(1);
            (free - new DriveInfo(mounted.Value).AvailableFreeSpace).Should().BeLessThan(16L * Mebibyte);
            QemuTool.Img("compare", "-f", "raw", "-F", "raw", source.Value, mounted.Child("copy.disk").Value).Should().Contain("identical");
        }
        finally
        {
            QemuTool.Run("umount", mounted.Value);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_missing_disk_and_a_target_that_is_there_are_refused()
    {
        var source = Sparse(1L << 20, mebibytes: 1);
        var chain = await _qemuImg.InspectAsync(source, "raw", Token);
        await File.WriteAllTextAsync(Copy.Value, "somebody's", Token);

        var onto = () => _copier.CopyAsync(chain, Copy, _ => { }, Token);

        (await onto.Should().ThrowAsync<HostFileException>()).Which.Message.Should().Contain(Copy.Value);
        (await File.ReadAllTextAsync(Copy.Value, Token)).Should().Be("somebody's");
        File.Delete(source.Value);
        (await onto.Should().ThrowAsync<HostFileException>()).Which.Message.Should().Contain(source.Value);
    }

    [Fact]
    public void Where_the_file_system_cannot_share_blocks_nothing_is_left_and_where_it_can_the_copy_is_the_same()
    {
        var source = Sparse(4L << 20, mebibytes: 1);

        if (Reflink.TryCopy(source, Copy))
        {
            QemuTool.Img("compare", "-f", "raw", "-F", "raw", source.Value, Copy.Value).Should().Contain("identical");
        }
        else
        {
            File.Exists(Copy.Value).Should().BeFalse();
        }
    }

    private async Task<AbsolutePath> MountAsync(params string[] arguments)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can mount");
        var mounted = _directory.Child("mounted");
        Directory.CreateDirectory(mounted.Value);
        using var mount = Process.Start(new ProcessStartInfo("mount", [.. arguments, mounted.Value]) { RedirectStandardError = true })!;
        var error = await mount.StandardError.ReadToEndAsync(Token);
        await mount.WaitForExitAsync(Token);
        Assert.SkipUnless(mount.ExitCode == 0, $"nothing can be mounted here: {error}");
        return mounted;
    }

    private AbsolutePath Sparse(long size, int mebibytes)
    {
        var path = _directory.Child($"sparse-{size}.raw");
        using var file = new FileStream(path.Value, FileMode.CreateNew);
        file.SetLength(size);
        var data = new byte[Mebibyte];
        for (var index = 0L; index < mebibytes; index++)
        {
            RandomNumberGenerator.Fill(data);
            file.Position = size / mebibytes * index / Mebibyte * Mebibyte;
            file.Write(data);
        }

        return path;
    }

    private static async Task<bool> ReadUntilAsync(StreamReader reader, string text)
    {
        while (await reader.ReadLineAsync(Token) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static IReadOnlyList<string> RunningOn(AbsolutePath path) =>
    [
        .. Directory.EnumerateDirectories("/proc").Where(process => CommandLine(process).Contains(path.Value, StringComparison.Ordinal))
            .Select(process => Path.GetFileName(process)),
    ];

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
