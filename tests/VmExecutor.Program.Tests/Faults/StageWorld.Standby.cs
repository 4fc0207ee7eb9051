using System.Text.RegularExpressions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Standby;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Observing;
using VmExecutor.StandingBy;
using VmExecutor.Starting;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>The world's standby clones. Each has a real process as the ssh master of its connection, since that is stopped and goes on by signals.</summary>
internal sealed partial class StageWorld
{
    private readonly Dictionary<JobKey, FakeSshMaster> _masters = [];

    /// <summary>The clones that are to wait for jobs of the image.</summary>
    public StandbySettings Standby { get; set; } = new();

    /// <summary>The clones that wait for jobs, as their records tell.</summary>
    public IReadOnlyList<StandbyClone> Waiting => new StandbyShelf(StateDir).List();

    /// <summary>The domains of clones that jobs have taken, as their records tell.</summary>
    public IEnumerable<string> Taken =>
        from folder in JobFolder.List(StateDir).Ours
        let record = folder.IsHalf ? null : JobDirectory.Of(StateDir, folder.Key).Read()
        where record?.Stamp.Job is not null
        select record.Domain;

    /// <summary>The report of the last fill.</summary>
    public StandbyReport? StandbyReport => new StandbyShelf(StateDir).ReadReport();

    /// <summary>A published generation of the image, which jobs get from now on, with a template or without.</summary>
    public async Task PublishAsync(int number = 1, bool isWarm = false)
    {
        using var machine = Process();
        (Generation, Template) = await WarmImage.MakeAsync(this, CloneLook.ForStart(machine, new JobLog(TextWriter.Null)), number);
        Warm = Warm with { Enabled = isWarm };
        await File.WriteAllTextAsync(ImagePaths.For(StateDir, new ImageName("base")).Current.Value, $"{number}\n");
    }

    /// <summary>Does what <c>standby fill</c> does.</summary>
    /// <param name="isByHand">As with <c>--image</c>.</param>
    /// <param name="cancellationToken">The signal.</param>
    public async Task<bool> FillAsync(bool isByHand = false, CancellationToken cancellationToken = default)
    {
        using var machine = Process();
        using var right = machine.Locks.TryTakeStandby() ?? throw new InvalidOperationException("another fill is at work");
        return await new StandbyRound(machine, new JobLog(TextWriter.Synchronized(Log))).RunAsync(StandbyNeed.Of(Plan(Key).Image), isAll: !isByHand, cancellationToken);
    }

    /// <summary>Does what <c>standby</c> shows.</summary>
    public async Task<StandbyReport> LookAtStandbyAsync()
    {
        using var machine = Process();
        return await new StandbyLook(machine).ReportAsync(StandbyNeed.Of(Plan(Key).Image), CancellationToken.None);
    }

    /// <summary>Does what <c>standby drain</c> does.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken = default)
    {
        using var machine = Process();
        while (await machine.StandbyKeeper.GiveUpOneAsync(cancellationToken))
        {
        }
    }

    /// <summary>Finds what is wrong with the clones that wait: each is whole, paused, its connection is stopped, and no job ever had it.</summary>
    public IReadOnlyList<string> Faults() => [.. Waiting.SelectMany(Faults)];

    private IEnumerable<string> Faults(StandbyClone clone)
    {
        var name = clone.Record.Domain;
        if (!Hypervisor.Domains.TryGetValue(name, out var xml))
        {
            yield return $"{name} has no VM";
            yield break;
        }

        if (Hypervisor.States.GetValueOrDefault(name)?.State != DomainState.Paused)
        {
            yield return $"{name} is not paused";
        }

        if (Regex.IsMatch(xml, "\\bjob=\"(?!\")"))
        {
            yield return $"{name} is stamped for a job";
        }

        if (Hypervisor.Calls.LastIndexOf($"resume {name}") > Hypervisor.Calls.LastIndexOf($"pause {name}"))
        {
            yield return $"{name} went on for a job";
        }

        if (_masters.GetValueOrDefault(clone.Key)?.IsStopped != true)
        {
            yield return $"the connection of {name} is not stopped";
        }
    }

    private void OpenMaster(GuestAccess access)
    {
        var key = Keys.SingleOrDefault(key => key.Domain == access.Domain) ?? KeyOf(access);
        if (StandbyKey.MayBe(key))
        {
            CloseMaster(access);
            _masters[key] = new FakeSshMaster(access.Directory.Child(access.Socket).Value);
        }

        Processes.Add(JobProcessKind.Ssh, key);
    }

    private void CloseMaster(GuestAccess access)
    {
        if (_masters.Remove(KeyOf(access), out var master))
        {
            master.Dispose();
            Processes.Remove(JobProcessKind.Ssh, KeyOf(access));
        }
    }

    private static JobKey KeyOf(GuestAccess access) =>
        JobKey.TryParse(access.Domain.Value[DomainName.Prefix.Length..], out var key) ? key : throw new InvalidOperationException($"{access.Domain} is no clone's name");

    private void EndMasters()
    {
        _masters.Values.ToList().ForEach(master => master.Dispose());
        _masters.Clear();
    }

    /// <summary>A fill that was killed runs no more, which is what its stamps tell of clones that were being made.</summary>
    private void BuryFills()
    {
        foreach (var path in Directory.Exists(JobPaths.Jobs(StateDir).Value) ? Directory.GetDirectories(JobPaths.Jobs(StateDir).Value, "standby-*") : [])
        {
            var directory = JobDirectory.Of(StateDir, JobKey.TryParse(Path.GetFileName(path), out var key) ? key : throw new InvalidOperationException($"{path} is no clone's"));
            if (directory.Read() is { Standby: null } record)
            {
                TestRecord.Put(directory, record with { Stamp = record.Stamp with { Runner = TestRecord.Gone } });
            }
        }

        foreach (var name in Hypervisor.Domains.Keys.Where(name => name.StartsWith("vmx-standby-", StringComparison.Ordinal)).ToList())
        {
            Hypervisor.Domains[name] = Regex.Replace(Hypervisor.Domains[name], "runner-start=\"[0-9]+\"", "runner-start=\"1\"");
        }
    }
}
