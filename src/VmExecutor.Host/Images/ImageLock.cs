using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Images;

/// <summary>The right to change what an image's directory holds.</summary>
public static class ImageLock
{
    /// <exception cref="SystemFailureException">Another process has it.</exception>
    public static KernelLock Take(StateLocks locks, ImageName image) => locks.TryTake(image) ?? throw new SystemFailureException(
        ErrorCodes.ImageIsBusy,
        $"image '{image}' is being published, pruned or removed by another process",
        "Wait for it: ps -eo pid,etime,args | grep 'vm-executor image'");
}
