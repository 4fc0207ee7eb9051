using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Login;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Guests.Login;

/// <summary>
/// Makes a clone's login: a key pair of the job's own, and the disk or strings that bring its public half into the guest. All files lie
/// in the job's directory and go with it.
/// </summary>
public sealed class LoginMaker(IToolRunner tools)
{
    /// <returns>What the clone is given; nothing where the image holds a key for good.</returns>
    /// <exception cref="Core.Failures.SystemFailureException">A tool is missing or failed, or the file system refused.</exception>
    public async Task<LoginMaterial> MakeAsync(ClonePlan plan, CancellationToken cancellationToken)
    {
        if (plan.Image.Ssh.Login == LoginMethod.Baked)
        {
            return LoginMaterial.None;
        }

        var user = new GuestUser(plan.Image.Ssh.User);
        var authorized = await KeyPair.MakeAsync(tools, plan.LoginKey, plan.Domain, cancellationToken).ConfigureAwait(false);
        return plan.Image.Ssh.Login == LoginMethod.CloudInit
            ? await MakeSeedAsync(plan, user, authorized, cancellationToken).ConfigureAwait(false)
            : new LoginMaterial { OemStrings = [TmpfilesCredential.OemString(user, authorized, plan.Domain)] };
    }

    /// <summary>A key pair of the clone's own, at <see cref="ClonePlan.LoginKey"/>.</summary>
    /// <returns>The public half.</returns>
    public Task<HostKey> MakeKeyAsync(ClonePlan plan, CancellationToken cancellationToken) => KeyPair.MakeAsync(tools, plan.LoginKey, plan.Domain, cancellationToken);

    /// <summary>The private host key is in a directory of its own for a moment, and from then on in the seed only.</summary>
    private async Task<LoginMaterial> MakeSeedAsync(ClonePlan plan, GuestUser user, HostKey authorized, CancellationToken cancellationToken)
    {
        var files = plan.Paths.SeedFiles;
        StateDirectories.Make(files, StateDirectories.Private);
        try
        {
            var privateKey = files.Child("host_key");
            var hostKey = await KeyPair.MakeAsync(tools, privateKey, plan.Domain, cancellationToken).ConfigureAwait(false);
            var userData = CloudInitSeed.UserData(user, authorized, plan.Domain, ReadText(privateKey), hostKey);
            await SeedDisk.MakeAsync(tools, plan.Paths.Seed, files, userData, CloudInitSeed.MetaData(plan.Domain, hostKey), cancellationToken).ConfigureAwait(false);
            return new LoginMaterial { Seed = plan.Paths.Seed, HostKey = hostKey };
        }
        finally
        {
            HostDirectory.TryDelete(files.Value);
        }
    }

    private static string ReadText(AbsolutePath file)
    {
        try
        {
            return HostFile.ReadAllText(file.Value);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{file} cannot be read", e);
        }
    }
}
