using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.ProjectDisks;

namespace VmExecutor.ProjectDisks;

/// <summary>The work of the commands of <c>disk</c>, each from the configuration to its end.</summary>
internal sealed class DiskTasks(Invocation invocation, string? configOption)
{
    /// <summary>All disks.</summary>
    public IReadOnlyList<ListedDisk> List()
    {
        using var machine = invocation.MachineWithoutImages(configOption);
        return machine.DiskKeeper.List();
    }

    /// <summary>The disks that a person means.</summary>
    /// <param name="project">A project's path, or a disk's key.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.ProjectDiskUnknown"/>.</exception>
    public IReadOnlyList<ListedDisk> Find(string project)
    {
        using var machine = invocation.MachineWithoutImages(configOption);
        return Find(machine.DiskKeeper, project);
    }

    /// <summary>Removes the disks of a project; null: of all.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.ProjectDiskUnknown"/>.</exception>
    public async Task<int> RemoveAsync(string? project, CancellationToken cancellationToken)
    {
        using var machine = invocation.MachineWithoutImages(configOption);
        var removed = 0;
        foreach (var disk in project is null ? machine.DiskKeeper.List() : Find(machine.DiskKeeper, project))
        {
            removed += await machine.DiskKeeper.RemoveAsync(disk.Key, cancellationToken) ? 1 : 0;
        }

        return removed;
    }

    private static IReadOnlyList<ListedDisk> Find(DiskKeeper keeper, string project) =>
        keeper.List().Where(disk => disk.Key.Value == project || string.Equals(disk.State?.Project, project, StringComparison.OrdinalIgnoreCase)).ToList() is { Count: > 0 } found
            ? found
            : throw new SystemFailureException(
                ErrorCodes.ProjectDiskUnknown, $"'{PlainText.OneLine(project, 200)}' has no project disk on this host", "'vm-executor disk list' lists them: give the path of a project, or a key.");
}
