using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Egress;

namespace VmExecutor.Starting;

/// <summary>Puts a job's egress policy into force before anything of the job is in the guest.</summary>
internal sealed class EgressStart(Machine machine)
{
    private const string OneCard = "its VM has not exactly one network card whose tap device the driver has named, and the policy would not hold for others";

    /// <summary>The place of a VM whose policy was put up.</summary>
    /// <param name="user">The user that it runs as; null: libvirt's one QEMU user.</param>
    /// <param name="record">The policy as the job's record has it.</param>
    /// <returns>Null: the policy cannot be kept.</returns>
    public static EgressPlace? PlaceOf(VmUser? user, EgressRecord record) =>
        user is null || record.Card is { IsWhole: false } ? null : new EgressPlace(user, record.Card);

    /// <summary>In session mode a VM with a policy has no way out but the proxy of its scripts.</summary>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.EgressImpossible"/>.</exception>
    public static void EnsurePossible(ClonePlan plan, JobRun run)
    {
        if (plan is { IsRestricted: true, Egress: { } policy })
        {
            run.Log.Say(EgressNeeds.WhyNotByProxy(plan.Image.Network, policy.Watches) is { } why
                ? throw EgressWall.Impossible(policy, why) : $"Egress policy '{policy.Name}' in session mode: {EgressNeeds.OnlyByProxy}");
        }
    }

    /// <summary>For a VM that is about to start. A user may still have the policy of its last VM, whose removal was interrupted.</summary>
    public async Task BeforeStartAsync(CloneBasis basis, JobRun run, CancellationToken cancellationToken)
    {
        var (plan, user) = (basis.Plan, basis.Plan.User);
        if (plan.IsRestricted)
        {
            return;
        }

        if (plan.Egress is { } policy)
        {
            await PutUpAsync(
                policy,
                plan.Image.Network,
                user,
                hosts => basis.Source.Elements("devices").Elements("interface").Count() > 1 ? null : new EgressCard(EgressCard.TapOf(user!), plan.Mac(0).Value, hosts),
                run,
                cancellationToken);
        }
        else if (user is not null && machine.Egress.Has(user))
        {
            await machine.Egress.RemoveAsync(user.Name, cancellationToken);
        }
    }

    /// <summary>For a standby clone that a job has taken.</summary>
    public async Task OfTakenAsync(ClonePlan plan, string domain, JobRun run, CancellationToken cancellationToken)
    {
        if (plan.Egress is { } policy)
        {
            var xml = await machine.Hypervisor.FindXmlAsync(domain, inactive: false, cancellationToken);
            await PutUpAsync(
                policy, plan.Image.Network, machine.Users.Of(run.Directory), hosts => xml is null ? null : EgressCard.In(XmlText.Parse(xml), hosts), run, cancellationToken);
        }
    }

    private async Task PutUpAsync(
        EgressPolicy policy, NetworkSettings network, VmUser? user, Func<IReadOnlyList<string>, EgressCard?> cardOn, JobRun run, CancellationToken cancellationToken)
    {
        EgressCard? card = null;
        if (user is not null && network.Mode == NetworkMode.Libvirt)
        {
            var state = await machine.Hypervisor.FindNetworkAsync(network.Name, cancellationToken);
            var why = EgressCard.WhyNot(network.Name, state);
            card = why is null ? cardOn(state!.Hosts) : null;
            if (card is null)
            {
                throw EgressWall.Impossible(policy, why ?? OneCard);
            }

            await run.UpdateAsync(record => record.Egress is { } egress ? record with { Egress = egress with { Card = card } } : record, cancellationToken);
        }

        await machine.Egress.PutUpAsync(policy, user is null ? null : new EgressPlace(user, card), cancellationToken);
    }
}
