namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The rules of <c>egress:</c> beside other keys.</summary>
internal static class PolicyRules
{
    /// <summary>Reports a policy of projects that no job can have.</summary>
    public static void Check(BoundValues values, ErrorList errors)
    {
        foreach (var item in values.Get<IReadOnlyList<object>>("egress.projects", []).Cast<BoundValues>().Where(item => item.FindOwn("projects") is null))
        {
            errors.Add(item.Start, "egress.projects", "has an item without 'projects', which no job can have; add for example 'projects: group/**'");
        }
    }
}
