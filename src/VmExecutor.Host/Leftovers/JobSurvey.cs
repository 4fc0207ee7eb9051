using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Leftovers;

/// <summary>
/// Looks at directories, domains and processes together: each is found by its own mark, also when the others are gone, and a job is
/// judged by all that is there of it.
/// </summary>
public sealed class JobSurvey(AbsolutePath stateDir, Hypervisors hypervisors, IJobProcesses processes, LeftoverJudge judge, TimeProvider time)
{
    /// <exception cref="Core.Failures.SystemFailureException">The directory cannot be listed, or libvirt does not answer: then nothing can be judged.</exception>
    public async Task<Survey> TakeAsync(CancellationToken cancellationToken)
    {
        var (folders, others) = JobFolder.List(stateDir);
        var records = folders.Where(folder => !folder.IsHalf)
            .ToDictionary(folder => folder.Key, folder => JobDirectory.Of(stateDir, folder.Key).Look());
        var (domains, asked, problems) = await ListDomainsAsync(records.Values.Select(look => look.Record), cancellationToken).ConfigureAwait(false);
        var found = processes.Find();
        var stamped = domains
            .Select(domain => (domain.Uri, domain.Name, Stamp: domain.Metadata is null ? null : StampXml.TryParse(domain.Metadata)))
            .Where(domain => domain.Stamp is not null && IsHere(domain.Stamp) && domain.Name == $"{DomainName.Prefix}{domain.Stamp.Key}")
            .ToLookup(domain => domain.Stamp!.Key, StringComparer.Ordinal);
        var unstamped = domains.Where(domain => domain.Metadata is null || StampXml.TryParse(domain.Metadata) is null).Select(domain => domain.Name).ToHashSet(StringComparer.Ordinal);

        var keys = folders.Select(folder => folder.Key)
            .Concat(stamped.Select(domain => JobKey.TryParse(domain.Key, out var key) ? key : null).OfType<JobKey>())
            .Concat(found.Select(process => process.Job))
            .Distinct();
        var halves = folders.Where(folder => folder.IsHalf).Select(folder => folder.Key).ToHashSet();
        var byJob = found.ToLookup(process => process.Job);
        var jobs = keys.OrderBy(key => key.Value, StringComparer.Ordinal).Select(key =>
        {
            var domain = stamped[key.Value].FirstOrDefault();
            var (record, outOfReach) = records.GetValueOrDefault(key);
            var job = new FoundJob
            {
                Key = key,
                Record = record,
                OutOfReach = outOfReach?.Message,
                Stamp = record?.Stamp ?? domain.Stamp,
                HasDirectory = records.ContainsKey(key),
                HasDomain = domain.Stamp is not null,

                // The record was read before the domains were listed: a clone that is made meanwhile has its VM.
                IsVmGone = record is not null && asked.Contains(record.LibvirtUri) && domains.All(one => one.Name != record.Domain),
                LibvirtUri = record?.LibvirtUri ?? domain.Uri ?? hypervisors.Configured,
                Processes = [.. byJob[key]],
            };
            return judge.Judge(job, unstamped.Contains(key.Domain.Value), halves.Contains(key));
        });
        return new Survey([.. jobs], others, HalfMadeFiles.Find(stateDir, time.GetUtcNow()), problems);
    }

    /// <summary>A domain of another configuration's state directory is that one's to judge, unless its directory is certainly gone: one that we may not look into is not.</summary>
    private bool IsHere(OwnershipStamp stamp) =>
        stamp.StateDir == stateDir.Value || HostDirectory.Look(stamp.StateDir) == Presence.Missing;

    private async Task<(List<(string Uri, string Name, string? Metadata)> Domains, HashSet<string> Asked, List<string> Problems)> ListDomainsAsync(
        IEnumerable<JobRecord?> records, CancellationToken cancellationToken)
    {
        var domains = new List<(string, string, string?)>();
        var asked = new HashSet<string>(StringComparer.Ordinal);
        var problems = new List<string>();
        foreach (var uri in records.OfType<JobRecord>().Select(record => record.LibvirtUri).Prepend(hypervisors.Configured).Distinct(StringComparer.Ordinal))
        {
            try
            {
                var listed = await hypervisors.At(uri).ListMetadataAsync(StampXml.Namespace.NamespaceName, cancellationToken).ConfigureAwait(false);
                domains.AddRange(listed.Select(domain => (uri, domain.Domain, domain.Metadata)));
                asked.Add(uri);
            }
            catch (HypervisorException e) when (uri != hypervisors.Configured)
            {
                problems.Add(e.Message);
            }
        }

        return (domains, asked, problems);
    }
}
