using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>Decides the sizes of a job's clone: the job's choice within the image's limits, else the image's, else the source's.</summary>
public static class SizeChoice
{
    private const string CpusForm = "a whole number such as 4";
    private const string BytesForm = "a size such as 2GiB or 512MiB";

    /// <param name="job">The job that asks.</param>
    /// <param name="image">The image that it gets.</param>
    /// <param name="source">How large that is by itself.</param>
    /// <param name="share">What <c>auto</c> means; null: the configuration does not say, so no image has it.</param>
    /// <returns>With what job or image say; what they do not say stays as it is in the source.</returns>
    /// <exception cref="BuildFailureException">The job asks for what is no size, or for one that the image does not allow.</exception>
    public static CloneSizes Decide(Job job, ImageDefinition image, MachineSize source, HostShare? share)
    {
        var cpus = Own(image.Cpus, share?.Cpus, image.Sizes.MinCpus, image.Sizes.MaxCpus);
        var memory = Own(image.Memory, share?.Memory, image.Sizes.MinMemory, image.Sizes.MaxMemory);
        return new CloneSizes
        {
            Cpus = Cpus(job, image, cpus ?? source.Cpus) ?? cpus,
            Memory = Memory(job, image, memory ?? source.Memory) ?? memory,
            Disk = Disk(job, image, source.Disk),
        };
    }

    /// <summary>Refuses a size that the configuration alone shows to be wrong, before anything of the clone is known.</summary>
    /// <exception cref="BuildFailureException">As <see cref="Decide"/>.</exception>
    public static void Check(Job job, ImageDefinition image)
    {
        Cpus(job, image, image.Cpus?.Said);
        Memory(job, image, image.Memory?.Said);
        Disk(job, image, null);
    }

    private static T? Own<T>(OrAuto<T>? image, T? share, T? least, T? most)
        where T : struct, IComparable<T>
    {
        if (image is not { Said: null })
        {
            return image?.Said;
        }

        var auto = share ?? throw new InvalidOperationException("an image's size is 'auto', and nothing says by what the host is divided");
        auto = most is { } high && auto.CompareTo(high) > 0 ? high : auto;
        return least is { } low && auto.CompareTo(low) < 0 ? low : auto;
    }

    private static int? Cpus(Job job, ImageDefinition image, int? own)
    {
        var range = SizeRange<int>.Around(RequestedSizes.CpusVariable, own, image.Sizes.MinCpus ?? 1, image.Sizes.MaxCpus);
        return job.Sizes.Cpus is not { } written ? null
            : written.Length <= 9 && int.TryParse(written, NumberStyles.None, CultureInfo.InvariantCulture, out var cpus) && written.All(char.IsAsciiDigit)
                ? range.Check(cpus, written, image.Name.Value)
                : throw range.NotUnderstood(written, CpusForm);
    }

    private static ByteSize? Memory(Job job, ImageDefinition image, ByteSize? own) =>
        Bytes(job.Sizes.Memory, SizeRange<ByteSize>.Around(RequestedSizes.MemoryVariable, own, image.Sizes.MinMemory, image.Sizes.MaxMemory), image);

    /// <summary>An overlay cannot be smaller than its base: the guest would find its file systems cut off.</summary>
    private static ByteSize? Disk(Job job, ImageDefinition image, ByteSize? own)
    {
        if (job.Sizes.Disk is not null && own is { Bytes: 0 })
        {
            throw new BuildFailureException(
                ErrorCodes.SizeOutOfRange,
                $"{RequestedSizes.DiskVariable} is set, and image '{image.Name}' has no disk that could be made larger",
                $"Remove {RequestedSizes.DiskVariable} from the job in .gitlab-ci.yml.");
        }

        var most = image.Sizes.MaxDisk is { } max && own is { } b && max < b ? b : image.Sizes.MaxDisk;
        return Bytes(job.Sizes.Disk, SizeRange<ByteSize>.Around(RequestedSizes.DiskVariable, own, own, most), image);
    }

    private static ByteSize? Bytes(string? written, SizeRange<ByteSize> range, ImageDefinition image) =>
        written is null ? null
        : ByteSize.TryParse(written, out var size) ? range.Check(size, written, image.Name.Value)
        : throw range.NotUnderstood(written, BytesForm);
}
