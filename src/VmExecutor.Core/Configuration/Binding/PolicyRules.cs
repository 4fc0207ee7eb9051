namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The rules of <c>egress:</c> beside other keys.</summary>
internal static class PolicyRules
{
    private static readonly string[] Keys = ["egress.allow", "egress.projects"];

    /// <summary>Reports a policy of an image whose guests the host cannot tell from others: on a libvirt network nothing comes from a QEMU with a user of its own.</summary>
    public static void Check(BoundValues values, ErrorList errors)
    {
        foreach (var item in values.Get<IReadOnlyList<object>>("egress.projects", []).Cast<BoundValues>().Where(item => item.FindOwn("projects") is null))
        {
            errors.Add(item.Start, "egress.projects", "has an item without 'projects', which no job can have; add for example 'projects: group/**'");
        }

        var isUsed = values.Find("egress.mode")?.Value is EgressMode mode ? mode != EgressMode.Open : Keys.Any(key => values.Find(key) is not null);
        if (isUsed && values.Find("network.mode") is { Value: NetworkMode.Libvirt } network)
        {
            errors.Add(network.KeyAt, "network.mode", "is 'libvirt', where 'egress' cannot hold; write 'mode: user', or 'egress: {mode: open}' and filter that network in the host's firewall");
        }
    }
}
