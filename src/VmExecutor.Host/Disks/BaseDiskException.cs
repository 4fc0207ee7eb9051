using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Disks;

/// <summary>A base disk that no clone can stand on.</summary>
public sealed class BaseDiskException : SystemFailureException
{
    private BaseDiskException(ErrorCode code, string message, string hint, Exception? inner)
        : base(code, message, hint, inner)
    {
    }

    internal static BaseDiskException Unusable(AbsolutePath path, string what, string hint, Exception? inner = null) =>
        new(ErrorCodes.BaseDiskUnusable, $"the base disk {path} cannot be used: {what}", hint, inner);

    /// <summary>Sorted by what can be seen of the file itself, since qemu-img has one exit code for all.</summary>
    internal static BaseDiskException From(AbsolutePath path, ToolFailedException failure)
    {
        if (HostFile.Look(path.Value) == Presence.Missing)
        {
            return Unusable(path, "it does not exist", $"See 'ls -l {path}' as the runner's user; correct 'file' in the image's YAML or the source domain.", failure);
        }

        try
        {
            HostFile.OpenHandle(path.Value).Dispose();
        }
        catch (HostFileException refused)
        {
            return new BaseDiskException(
                ErrorCodes.BaseDiskUnreadable,
                $"the base disk {path} is not readable for the runner's user: {refused.Reason}",
                $"Let it be read, never written: chmod a+r {path}; namei -l {path} shows each directory above it",
                failure);
        }

        return Unusable(path, failure.Message, "If a running VM writes to it, shut that down; else see whether it is what it should be: qemu-img check.", failure);
    }
}
