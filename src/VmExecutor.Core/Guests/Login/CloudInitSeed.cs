using System.IO.Hashing;
using System.Text;
using VmExecutor.Core.Values;
using static VmExecutor.Core.Guests.Login.YamlText;

namespace VmExecutor.Core.Guests.Login;

/// <summary>
/// The accounts that may log in, the host key and the guest's name, as the two files of cloud-init's NoCloud data source
/// (https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html). They are on a volume with the label
/// <see cref="VolumeLabel"/>.
/// </summary>
public static class CloudInitSeed
{
    public const string VolumeLabel = "cidata";
    public const string UserDataName = "user-data";
    public const string MetaDataName = "meta-data";

    /// <summary>
    /// The user-data. It has the host's private key in it. Of an account that the image has, nothing but its authorized keys is
    /// changed; the image's own default user is made as without us.
    /// </summary>
    /// <param name="user">The account.</param>
    /// <param name="authorized">The job's public key, which is added to those that the account has.</param>
    /// <param name="domain">The clone, and its guest's host name.</param>
    /// <param name="privateHostKey">The ed25519 key file's text.</param>
    /// <param name="hostKey">Its public half.</param>
    public static string UserData(GuestUser user, HostKey authorized, DomainName domain, string privateHostKey, HostKey hostKey) =>
        // "lock_passwd" would be true otherwise, and sshd without PAM lets no user into a locked account, not even with a key.
        // "disable_root" is true in most images, and root would only be told to log in as another user.
        $"""
        #cloud-config
        hostname: {Quote(domain.Value)}
        preserve_hostname: false
        users:
          - default
          - name: {Quote(user.Value)}
            lock_passwd: false
            ssh_authorized_keys:
              - {Quote($"{authorized} {domain}")}
        {(user.Value == "root" ? "disable_root: false\n" : "")}ssh_deletekeys: true
        ssh_keys:
          ed25519_private: {Quote(privateHostKey)}
          ed25519_public: {Quote(hostKey.ToString())}

        """;

    /// <summary>The meta-data. Another attempt of the job is another instance, since it has other keys.</summary>
    public static string MetaData(DomainName domain, HostKey hostKey) =>
        $"""
        instance-id: {Quote($"{domain}-{Convert.ToHexStringLower(XxHash128.Hash(Encoding.ASCII.GetBytes(hostKey.ToString())))[..8]}")}
        local-hostname: {Quote(domain.Value)}

        """;
}
