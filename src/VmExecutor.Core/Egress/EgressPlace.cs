using System.Globalization;
using System.Net;
using VmExecutor.Core.Users;

namespace VmExecutor.Core.Egress;

/// <summary>The names and addresses on the host by which the policy of one VM is put into force: each VM has its own, by the user that it runs as.</summary>
/// <param name="User">The user.</param>
public sealed record EgressPlace(VmUser User)
{
    /// <summary>The name servers of all policies listen in this part of the host's loopback.</summary>
    public const string Loopback = "127.97.0.0/16";

    /// <summary>No service of the host is likely to have it on all addresses, as 53 may be.</summary>
    public const int Port = 10053;

    /// <summary>The table of the VM's rules.</summary>
    public string Table => string.Create(CultureInfo.InvariantCulture, $"vm_executor_egress_{User.Id}");

    /// <summary>The address of the VM's name server.</summary>
    public IPAddress Address => new([127, 97, (byte)(User.Id >> 8), (byte)User.Id]);

    /// <summary>The arguments of nft that list the table with its sets as JSON; it fails where there is none.</summary>
    public IReadOnlyList<string> ListArguments => ["-j", "list", "table", "inet", Table];

    /// <summary>A script for nft that removes the table, and succeeds where there is none.</summary>
    public string Removal => $"table inet {Table}\ndelete table inet {Table}\n";
}
