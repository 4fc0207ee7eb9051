using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Guests.Login;

/// <summary>An ed25519 key pair without a passphrase, made by ssh-keygen(1), which writes the private file for its owner only.</summary>
internal static class KeyPair
{
    /// <param name="tools">Runs ssh-keygen.</param>
    /// <param name="file">The private key's file, which must not exist.</param>
    /// <param name="comment">The owner's name, for people.</param>
    /// <param name="cancellationToken">Ends ssh-keygen.</param>
    /// <returns>The public half.</returns>
    public static async Task<HostKey> MakeAsync(IToolRunner tools, AbsolutePath file, DomainName comment, CancellationToken cancellationToken)
    {
        var call = new ToolCall("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment.Value, "-f", file.Value]);
        (await tools.RunAsync(call, cancellationToken).ConfigureAwait(false)).EnsureSuccess();
        try
        {
            return HostKey.Parse(await HostFile.ReadAllTextAsync($"{file}.pub", cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{file}.pub cannot be read", e);
        }
    }
}
