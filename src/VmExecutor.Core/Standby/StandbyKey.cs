using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Standby;

/// <summary>The keys of clones that are made before there is a job for them: <c>standby-NUMBER-hash</c>.</summary>
public static class StandbyKey
{
    /// <summary>In place of a server's address, which no clone shares with a job.</summary>
    public const string Server = "urn:vm-executor:standby";

    private const string Token = "standby";

    /// <param name="number">One that no clone on this host has.</param>
    public static JobKey Of(long number) => new(Server, Token, number);

    /// <summary>True for all of them, and for those of a runner whose token begins with this word: the record decides.</summary>
    public static bool MayBe(JobKey key) => key.Value.StartsWith($"{Token}-", StringComparison.Ordinal);
}
