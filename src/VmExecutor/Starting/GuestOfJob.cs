using System.Security.Cryptography;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;

namespace VmExecutor.Starting;

/// <summary>A job's guest between <c>job.json</c> and what ssh needs.</summary>
internal static class GuestOfJob
{
    public static GuestAccess Access(ClonePlan plan, GuestAddress address) => new(
        plan.Domain,
        address,
        new GuestUser(plan.Image.Ssh.User),
        plan.LoginKey,
        plan.Paths.Directory,
        plan.HostKeys,
        plan.Image.Shell)
    {
        Places = [GuestPlace.ForBuilds(plan.Image.BuildsDir), GuestPlace.ForCache(plan.Image.CacheDir)],
    };

    /// <summary>For <see cref="ClonePlan.CardSeed"/>.</summary>
    public static string NewCardSeed() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>For a clone that has not been met yet. In user mode the address leads to the clone's own QEMU, and its card may be its source's.</summary>
    public static GuestProof NewProof(ClonePlan plan) => new(
        Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        plan.Image.Network.Mode == NetworkMode.Libvirt ? plan.Mac(0).Value : null);

    public static GuestRecord ToRecord(GuestAccess access) => new(
        access.Address.Host,
        access.Address.Port,
        access.User.Value,
        access.Key.Value,
        [.. access.HostKeys.Select(key => key.ToString())],
        LoginShellWord.Of(access.LoginShell))
    {
        BootId = access.BootId,
        Proof = access.Proof,
        CountsConnections = access.CountsConnections,
    };

    /// <exception cref="SystemFailureException">Prepare did not leave a guest to run in, or the job's record cannot be read.</exception>
    public static (JobRecord Record, GuestAccess Access) Of(JobDirectory directory)
    {
        var (record, outOfReach) = directory.Look();
        return outOfReach is null ? (record!, Access(directory.Key, directory.Paths, record)) : throw outOfReach;
    }

    /// <exception cref="SystemFailureException">Prepare did not leave a guest to run in.</exception>
    internal static GuestAccess Access(JobKey key, JobPaths paths, JobRecord? record)
    {
        if (record?.Guest is null)
        {
            throw new SystemFailureException(
                ErrorCodes.GuestNotPrepared,
                $"job {key} has no prepared VM: {(record is null ? $"there is no usable {paths.Record}" : "prepare did not reach its guest")}",
                "Prepare must have succeeded and the state directory must be the same in all stages; see the prepare section of the job log.");
        }

        return TryAccess(key, paths, record)
            ?? throw new SystemFailureException(ErrorCodes.GuestNotPrepared, $"{paths.Record} is damaged", "Retry the job.");
    }

    /// <summary>Null when the record does not say how to reach a guest.</summary>
    public static GuestAccess? TryAccess(JobKey key, JobPaths paths, JobRecord? record) =>
        record?.Guest is { } guest
        && Enum.TryParse<GuestShell>(record.Shell, ignoreCase: true, out var shell)
        && Enum.IsDefined(shell)
        && GuestAddress.TryParse(guest.Host, guest.Port, out var address)
        && GuestUser.TryParse(guest.User, out var user)
        && AbsolutePath.TryParse(guest.KeyFile, out var keyFile)
        && guest.HostKeys.All(key => HostKey.TryParse(key, out _))
            ? new GuestAccess(
                key.Domain,
                address,
                user,
                keyFile,
                paths.Directory,
                [.. guest.HostKeys.Select(HostKey.Parse)],
                shell)
            {
                LoginShell = LoginShellWord.Parse(guest.LoginShell),
                BootId = guest.BootId,
                Proof = guest.Proof,
                CountsConnections = guest.CountsConnections,
            }
            : null;
}
