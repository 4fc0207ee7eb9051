using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Images.Registries;
using VmExecutor.Core.Values;

namespace VmExecutor.Publishing;

/// <summary>The host keys of a generation that another host pushed: the same guest must answer here.</summary>
internal static class PushedHostKeys
{
    /// <exception cref="SystemFailureException">The probe met other keys.</exception>
    public static void EnsureSame(ImageName image, GenerationArtifact? artifact, ProbeRecord probe)
    {
        if (artifact is { HostKeys.Count: > 0 } && probe.HostKeys.Count > 0 && !artifact.HostKeys.ToHashSet(StringComparer.Ordinal).Overlaps(probe.HostKeys.Select(GenerationArtifact.WithoutComment)))
        {
            throw new SystemFailureException(
                ErrorCodes.ProbeFailed,
                $"the probe of the new generation of image '{image}' failed: its guest has other ssh host keys ('{string.Join("', '", probe.HostKeys)}') than on the host that pushed it ('{string.Join("', '", artifact.HostKeys)}')",
                "The guest makes keys of its own at each first boot: make them once in the base image (ssh-keygen -A), publish and push it again. Jobs go on with the current generation.");
        }
    }
}
