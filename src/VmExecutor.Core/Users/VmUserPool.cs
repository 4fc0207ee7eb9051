using System.Globalization;

namespace VmExecutor.Core.Users;

/// <summary>
/// The users that <c>executor/users/install</c> makes for clones, one for each clone that runs. All are in one group, whose members may open the
/// memory of templates.
/// </summary>
/// <param name="Users">In the order of their numbers; empty: there is no pool.</param>
/// <param name="Group">The number of their common group.</param>
public sealed record VmUserPool(IReadOnlyList<VmUser> Users, uint Group)
{
    /// <summary>The beginning of each name; a number follows.</summary>
    public const string Prefix = "vm-executor-g";

    /// <summary>The name of the common group.</summary>
    public const string GroupName = "vm-executor-vms";

    /// <summary>
    /// The groups in which libvirt's own QEMU user is, by the names that distributions have: for <c>/dev/kvm</c> and for the directories that libvirt keeps for each
    /// machine. <c>executor/users/install</c> has the same names.
    /// </summary>
    private static readonly string[] NeededGroups = ["kvm", "libvirt-qemu", "qemu"];

    public static readonly VmUserPool Empty = new([], 0);

    /// <summary>Of the groups that QEMU needs, those of this host that not all of the users are in: a QEMU that runs as one of them would not start.</summary>
    public IReadOnlyList<string> LacksGroups { get; private init; } = [];

    /// <summary>Reads the two tables of the host (passwd(5), group(5)). A user whose own group has another name or number is left out.</summary>
    /// <param name="passwd">The content of <c>/etc/passwd</c>.</param>
    /// <param name="group">The content of <c>/etc/group</c>.</param>
    public static VmUserPool Parse(string passwd, string group)
    {
        var groups = group.Split('\n').Select(line => line.Split(':')).Where(fields => fields.Length >= 4)
            .GroupBy(fields => fields[0], StringComparer.Ordinal).ToDictionary(named => named.Key, named => named.First(), StringComparer.Ordinal);
        if (!groups.TryGetValue(GroupName, out var common) || !TryNumber(common[2], out var id))
        {
            return Empty;
        }

        var members = common[3].Split(',').ToHashSet(StringComparer.Ordinal);
        var users = passwd.Split('\n').Select(line => line.Split(':')).Where(fields => fields.Length >= 4 && members.Contains(fields[0]))
            .Select(fields => Read(fields, groups, id)).OfType<(int Place, VmUser User)>().OrderBy(user => user.Place).Select(user => user.User).ToList();
        return users.Count == 0 ? Empty : new VmUserPool(users, id) { LacksGroups = [.. NeededGroups.Where(name => groups.TryGetValue(name, out var needed) && !Has(needed))] };

        bool Has(string[] needed)
        {
            var its = needed[3].Split(',').ToHashSet(StringComparer.Ordinal);
            return users.TrueForAll(user => its.Contains(user.Name));
        }
    }

    /// <summary>Null: the pool has no such user.</summary>
    public VmUser? Find(string? name) => Users.FirstOrDefault(user => user.Name == name);

    private static (int Place, VmUser User)? Read(string[] fields, IReadOnlyDictionary<string, string[]> groups, uint common) =>
        fields[0].StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(fields[0].AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var place)
        && TryNumber(fields[2], out var user) && TryNumber(fields[3], out var own)
        && groups.TryGetValue(fields[0], out var named) && TryNumber(named[2], out var number) && number == own
            ? (place, new VmUser(fields[0], user, own, common))
            : null;

    /// <summary>Root is no user of the pool, whatever the table says.</summary>
    private static bool TryNumber(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number != 0;
}
