using System.Security.Cryptography;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests.Login;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Templates;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Starting;

/// <summary>
/// The second rung of the ladder, below <see cref="StandbyStart"/>: a guest that wakes up from a template. Whatever goes wrong here is one line in the job log, is undone within
/// its own time, and the clone is started cold.
/// </summary>
internal sealed class WarmStart(Machine machine)
{
    /// <summary>Longer than destroying a VM takes.</summary>
    private static readonly TimeSpan UndoLimit = TimeSpan.FromSeconds(60);
    private const int SeedBytes = 64;

    /// <param name="basis">The facts for making the clone.</param>
    /// <param name="run">The job, whose directory has a record.</param>
    /// <param name="watch">Looks whether the domain lives.</param>
    /// <param name="cancellationToken">Ends it at once; nothing is undone then, nor started cold.</param>
    /// <returns>A guest that runs commands; null: to be started cold, and the reason is in the record if this is an image with templates.</returns>
    /// <exception cref="SystemFailureException">It must not be started cold, or what was made could not be undone.</exception>
    public async Task<GuestAccess?> TryAsync(CloneBasis basis, JobRun run, DomainWatch watch, CancellationToken cancellationToken)
    {
        var plan = basis.Plan;
        var must = WarmDecision.IsDemanded(plan);
        if (WarmDecision.NotWanted(plan) is { } notWanted)
        {
            return must ? throw Refusal(plan, notWanted.Text) : null;
        }

        var phases = run.Times.Count;
        var (template, reason) = await WarmDecision.ChooseAsync(basis, machine, cancellationToken);
        if (template is not null)
        {
            (var guest, reason) = await WakeWithinItsTimeAsync(basis, template, run, watch, cancellationToken);
            if (guest is not null)
            {
                return guest;
            }

            if (!must)
            {
                await UndoAsync(run, cancellationToken);
            }
        }

        if (must)
        {
            throw Refusal(plan, reason!.Text);
        }

        run.Log.Warn($"cold start: {reason!.Text}");
        run.Times.Fold(phases, "warm");
        await run.UpdateAsync(record => record with { Start = "cold", Template = null, ColdReason = reason.Word }, cancellationToken);
        return null;
    }

    private async Task<(GuestAccess? Guest, ColdReason? Reason)> WakeWithinItsTimeAsync(
        CloneBasis basis, Template template, JobRun run, DomainWatch watch, CancellationToken cancellationToken)
    {
        var limit = basis.Plan.Image.Timeouts.Warm;
        using var over = new CancellationTokenSource(limit, machine.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            return (await WakeAsync(basis, template, run, watch, stop.Token), null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, new ColdReason("timed_out", $"the guest did not wake up within {DurationText.Format(limit)} ('timeouts: warm' in {basis.Plan.Image.File}), after {run.Times}"));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && (e is TimeoutException || (e is not DriverException && HostFileException.Explains(e))))
        {
            return (null, new ColdReason("failed", $"the warm start failed: {e.Message}"));
        }
        catch (DriverException e) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, new ColdReason(Word(e.Code), $"the warm start failed: {e.Code}: {e.Message}. {e.Hint}"));
        }
    }

    private static string Word(ErrorCode code) =>
        code == ErrorCodes.TemplateRefused ? "refused" : code == ErrorCodes.GuestIdentityStale ? "identity" : "failed";

    private async Task<GuestAccess> WakeAsync(CloneBasis basis, Template template, JobRun run, DomainWatch watch, CancellationToken cancellationToken)
    {
        var plan = basis.Plan;
        var domain = plan.Domain.Value;
        var chains = template.ChainsOn(basis.Chains);
        await machine.CloneMaker.MakeDisksAsync(basis.Source, plan.Paths, chains, size: null, template.Find(TemplateRole.Nvram), cancellationToken);
        CopySeed(template, plan.Paths);
        await machine.LivingClones.JoinAsync(
            run.Directory, basis.Chains.Values, record => record with { Start = "warm", Template = template.Directory.Value }, cancellationToken);
        run.Times.Ended("disks");

        var definition = TemplateDomain.Thaw(await TemplateCatalogue.ReadMachineAsync(template, cancellationToken), template, plan, basis.Stamp, chains);
        var ownKey = template.Record.LoginKey is null ? null : new LoginMaker(machine.Tools).MakeKeyAsync(plan, cancellationToken);

        // Both to their end, also when one has failed: what is undone then must not come to be afterwards.
        await Task.WhenAll(machine.CloneMaker.StartAsync(definition, plan, chains, template.Ram, cancellationToken), ownKey ?? Task.CompletedTask);
        run.Times.Ended("start");

        await new MemoryState(machine.Hypervisor, machine.Time).LoadAsync(domain, template.State, cancellationToken);
        run.Times.Ended("load");

        if (template.Record.CardXml is { } card)
        {
            await machine.Hypervisor.AttachDeviceAsync(domain, TemplateDomain.PlugIn(XmlText.Parse(card), plan).ToString(), cancellationToken);
        }

        var access = await ReachAsync(plan, template, run.Times, watch, cancellationToken);
        var proof = access.Proof ?? GuestOfJob.NewProof(plan);
        await new IdentityChanger(machine.GuestShell, machine.Time).ChangeAsync(access, await FreshAsync(plan, template, ownKey) with { Proof = proof }, cancellationToken);

        // All clones of the template are in the same boot.
        access = access with { Proof = proof.InPlace(bootId: null) };
        if (ownKey is not null)
        {
            access = access with { Key = plan.LoginKey };
            await RenewAsync(access, plan, watch, cancellationToken);
        }

        run.Times.Ended("identity");
        return access;
    }

    /// <summary>
    /// The keys of the kept connection came from random numbers that the guest's twins have as well. That the job's key alone gets in was looked at from inside
    /// (<see cref="IdentityCheck"/>), so no second login is needed to tell.
    /// </summary>
    private async Task RenewAsync(GuestAccess access, ClonePlan plan, DomainWatch watch, CancellationToken cancellationToken)
    {
        if (!await machine.GuestShell.RenewKeysAsync(access, cancellationToken))
        {
            await machine.GuestShell.CloseAsync(access, cancellationToken);
            await machine.GuestShell.ConnectAsync(access, plan.Image.Timeouts.Ssh, watch.EnsureAliveAsync, cancellationToken);
        }
    }

    private async Task<GuestAccess> ReachAsync(ClonePlan plan, Template template, PhaseTimes times, DomainWatch watch, CancellationToken cancellationToken)
    {
        var image = plan.Image;
        var (host, port) = await new GuestAddressFinder(machine.Hypervisor, watch, machine.Time)
            .FindAsync(plan.Domain.Value, plan.Mac(0), image.Network, plan.IsRestricted, image.Ssh.Port, image.Timeouts.Warm, cancellationToken);
        times.Ended("address");

        // The server is up already, so its first words are not waited for; it is known that the guest runs scripts, so that is not asked.
        var access = new GuestAccess(
            plan.Domain,
            new GuestAddress(host, port),
            new GuestUser(image.Ssh.User),
            template.Find(TemplateRole.Login) ?? plan.LoginKey,
            plan.Paths.Directory,
            [.. template.Record.HostKeys.Select(HostKey.Parse)],
            image.Shell)
        {
            LoginShell = template.Record.ShellOfLogin,
            BootId = template.Record.BootId,

            // The card tells at once; what else tells comes with the identity.
            Proof = image.Network.Mode == NetworkMode.Libvirt ? GuestOfJob.NewProof(plan) : null,
        };
        await machine.GuestShell.ConnectAsync(access, image.Timeouts.Ssh, watch.EnsureAliveAsync, cancellationToken);
        times.Ended("ssh");
        return access;
    }

    private static async Task<FreshIdentity> FreshAsync(ClonePlan plan, Template template, Task<HostKey>? ownKey) => new()
    {
        Hostname = plan.Domain.Value,
        MachineId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        Seed = RandomNumberGenerator.GetBytes(SeedBytes),
        LoginKey = ownKey is null ? null : (HostKey.Parse(template.Record.LoginKey!), await ownKey),
    };

    /// <summary>A copy, which libvirt gives to QEMU's user for as long as the clone lives.</summary>
    private static void CopySeed(Template template, JobPaths paths)
    {
        if (template.Find(TemplateRole.Seed) is not { } seed)
        {
            return;
        }

        try
        {
            HostFile.Copy(seed.Value, paths.Seed.Value);
            HostFile.SetUnixFileMode(paths.Seed.Value, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{seed} cannot be copied to {paths.Seed}", e);
        }
    }

    private async Task UndoAsync(JobRun run, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(UndoLimit, TimeSpan.FromSeconds(1), machine.Time, cancellationToken);
        await machine.RemoverAt(uri: null).ClearAsync(run.Key, run.Directory, deadline.Token);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static SystemFailureException Refusal(ClonePlan plan, string why) => new(
        ErrorCodes.TemplateNotLoaded,
        $"a clone of image '{plan.Image.Name}' could not be woken up: {why}",
        "See docs/warm-clones.md for the reasons and what to do.");
}
