using System.Runtime.InteropServices;
using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Locks;
using Xunit;

namespace VmExecutor.Host.Tests.Locks;

public sealed class KernelLockTests : IDisposable
{
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-lock").FullName);

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    [Fact]
    public void A_released_lock_is_free_although_a_child_still_shares_its_file_description()
    {
        var file = _directory.Child("lock");
        var held = KernelLock.TryTake(file, 7)!;

        // What fork(2) does, until the child has got to its execve(2).
        var shared = Duplicate(DescriptorOf(file));
        try
        {
            KernelLock.TryTake(file, 7).Should().BeNull();
            held.Dispose();

            using var next = KernelLock.TryTake(file, 7);
            next.Should().NotBeNull();
        }
        finally
        {
            _ = Close(shared);
        }
    }

    private static int DescriptorOf(AbsolutePath file) => Directory.EnumerateFiles("/proc/self/fd")
        .Where(link => new FileInfo(link).LinkTarget == file.Value)
        .Select(link => int.Parse(Path.GetFileName(link), null))
        .Single();

    [DllImport("libc", EntryPoint = "dup")]
    private static extern int Duplicate(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
