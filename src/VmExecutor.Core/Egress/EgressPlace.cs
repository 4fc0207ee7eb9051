using System.Globalization;
using System.Net;
using System.Text.Json;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Egress;

/// <summary>The names and addresses on the host by which the policy of one VM is put into force: each VM has its own, by the user that it runs as.</summary>
/// <param name="User">The user.</param>
/// <param name="Card">The VM's card on a libvirt network; null: it is in QEMU's user-mode network, so that all it says comes from a process of its user.</param>
public sealed record EgressPlace(VmUser User, EgressCard? Card = null)
{
    /// <summary>The name servers of VMs in the user-mode network listen in this part of the host's loopback.</summary>
    public const string Loopback = "127.97.0.0/16";

    /// <summary>Their port. No service of the host is likely to have it on all addresses, as 53 may be.</summary>
    public const int Port = 10053;

    private const string TablePrefix = "vm_executor_egress_";
    private const int FirstOfCards = 20_000;
    private const uint PortsOfCards = 10_000;

    /// <summary>The arguments of nft that list the names of all tables as JSON.</summary>
    public static IReadOnlyList<string> TablesArguments { get; } = ["-j", "list", "tables"];

    /// <summary>The name of the VM's tables.</summary>
    public string Table => string.Create(CultureInfo.InvariantCulture, $"{TablePrefix}{User.Id}");

    /// <summary>The families of nftables that the VM's policy has a table in.</summary>
    public IReadOnlyList<string> Families => Card is null ? ["inet"] : ["bridge", "inet"];

    /// <summary>The addresses of the VM's name server.</summary>
    public IReadOnlyList<IPAddress> Servers => Card?.HostAddresses ?? [new IPAddress([127, 97, (byte)(User.Id >> 8), (byte)User.Id])];

    /// <summary>
    /// The port of the VM's name server. On a libvirt network all VMs have the same addresses of the host, so each has a port of its own, below those that the kernel gives to
    /// connections.
    /// </summary>
    public int ServerPort => Card is null ? Port : FirstOfCards + (int)(User.Id % PortsOfCards);

    /// <summary>The arguments of nft that list the table with its sets as JSON; it fails where there is none.</summary>
    public IReadOnlyList<string> ListArguments => ["-j", "list", "table", "inet", Table];

    /// <summary>Reads the answer to <see cref="TablesArguments"/>.</summary>
    /// <returns>The tables of policies: the number of the user, and the family. Nothing of an answer in a form that is not known.</returns>
    public static IReadOnlyList<(uint User, string Family)> TablesIn(string listing)
    {
        try
        {
            return
            [
                .. ForeignJson.Parse(listing).GetProperty("nftables").EnumerateArray()
                    .Where(one => one.TryGetProperty("table", out _)).Select(one => one.GetProperty("table"))
                    .Select(table => (Name: table.GetProperty("name").GetString() ?? "", Family: table.GetProperty("family").GetString() ?? ""))
                    .Where(table => table.Name.StartsWith(TablePrefix, StringComparison.Ordinal) && uint.TryParse(table.Name.AsSpan(TablePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _))
                    .Select(table => (uint.Parse(table.Name.AsSpan(TablePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture), table.Family)),
            ];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return [];
        }
    }
}
