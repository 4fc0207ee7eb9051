using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Processes;

/// <summary>A program the driver needs is not installed, or not in the runner's PATH.</summary>
public sealed class ToolMissingException(string program, Exception? inner = null)
    : SystemFailureException(
        ErrorCodes.ToolMissing,
        $"the program '{program}' was not found in PATH",
        program switch
        {
            "qemu-img" => "Install it: apt-get install qemu-utils.",
            "ssh" or "ssh-keygen" => "Install it: apt-get install openssh-client.",
            "xorrisofs" => "Install it: apt-get install xorriso.",
            "skopeo" => "Install it: apt-get install skopeo.",
            "setsid" => "Install it: apt-get install util-linux.",
            _ => $"Install {program} or correct PATH in the runner's service.",
        },
        inner);
