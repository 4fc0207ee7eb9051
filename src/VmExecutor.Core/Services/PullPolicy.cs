namespace VmExecutor.Core.Services;

/// <summary>The times at which a service's image is fetched from its registry.</summary>
public enum PullPolicy
{
    Always,
    IfNotPresent,
    Never,
}

/// <summary>GitLab's words for them.</summary>
public static class PullPolicyWords
{
    private static readonly (PullPolicy Policy, string Word)[] Words =
        [(PullPolicy.Always, "always"), (PullPolicy.IfNotPresent, "if-not-present"), (PullPolicy.Never, "never")];

    /// <summary>All that there are.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Words.Select(one => one.Word)];

    public static string WordOf(PullPolicy policy) => Words.Single(one => one.Policy == policy).Word;

    /// <summary>Null: it is none of them.</summary>
    public static PullPolicy? Find(string word) => Words.Where(one => one.Word == word).Select(one => (PullPolicy?)one.Policy).FirstOrDefault();
}
