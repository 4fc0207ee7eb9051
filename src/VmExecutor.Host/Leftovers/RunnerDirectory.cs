using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Leftovers;

/// <summary>
/// The directory of an attempt (TMPDIR) whose runner was killed. It holds the job's token and variables, and no other program removes it.
/// Only a directory that a job's stamp names is looked at, and it must be certain that it is the one that the stamp means.
/// </summary>
/// <param name="Path">The path.</param>
/// <param name="WhyNot">Why it is left alone, as the end of a sentence; null: it may be removed.</param>
internal sealed partial record RunnerDirectory(AbsolutePath Path, string? WhyNot)
{
    /// <summary>A clock that was stepped a little, and a file system that counts in seconds.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    /// <summary>Null: there is none, or its runner may still need it.</summary>
    /// <param name="stamp">The job's.</param>
    /// <param name="jobDirectory">The job's directory, which belongs to the runner's user.</param>
    /// <param name="now">Here and now.</param>
    /// <param name="stateMayBeShared">Whether another host can have written the stamp.</param>
    public static RunnerDirectory? Find(OwnershipStamp stamp, AbsolutePath jobDirectory, HostMoment now, bool stateMayBeShared)
    {
        var isGone = stamp.Made.Boot == now.Boot
            ? stamp.Made.Processes == now.Processes && !ProcessTable.Runs(stamp.Runner)
            : now.IsSameHost(stamp.Made, stateMayBeShared);
        if (!isGone || !AbsolutePath.TryParse(stamp.TemporaryDirectory, out var path) || !Name().IsMatch(path.Name)
            || FileStat.TryRead(path, followLinks: false) is not { } stat)
        {
            return null;
        }

        return new RunnerDirectory(path, WhyNotOf(path, stat, FileStat.TryRead(jobDirectory, followLinks: false)?.Owner, stamp));
    }

    /// <summary>Links in it are removed, not followed.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Remove() => HostDirectory.Delete(Path.Value, recursive: true);

    private static string? WhyNotOf(AbsolutePath path, FileStat stat, uint? owner, OwnershipStamp stamp) =>
        !stat.IsDirectory ? "it is no directory"
        : owner is null ? "the job's own directory, which tells its owner, is gone"
        : stat.Owner != owner ? string.Create(CultureInfo.InvariantCulture, $"it belongs to user {stat.Owner}, and the job's directory to user {owner}")
        : stat.Born > stamp.Created + Margin ? "it was made after the job"
        : UserOf(path) is { } process ? string.Create(CultureInfo.InvariantCulture, $"process {process} still works in it")
        : null;

    /// <summary>The process of a stage that works in it and has outlived its runner.</summary>
    private static int? UserOf(AbsolutePath path) => ProcessTable.Ids().Select(id => (int?)id)
        .FirstOrDefault(id => ProcessTable.WorkingDirectory(id!.Value) is { } directory && $"{directory}/".StartsWith($"{path}/", StringComparison.Ordinal));

    /// <summary>As the runner names it (executors/custom: os.MkdirTemp(…, "custom-executor")).</summary>
    [GeneratedRegex(@"\Acustom-executor[0-9]+\z")]
    private static partial Regex Name();
}
