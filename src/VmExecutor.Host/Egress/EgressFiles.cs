using VmExecutor.Core.Values;

namespace VmExecutor.Host.Egress;

/// <summary>The files of one VM's policy.</summary>
/// <param name="Directory">The directory of all policies.</param>
/// <param name="User">The name of the user that the VM runs as.</param>
public sealed record EgressFiles(AbsolutePath Directory, string User)
{
    /// <summary>The rules, as they were loaded.</summary>
    public AbsolutePath Rules => Directory.Child($"{User}{EgressWall.RulesEnding}");

    /// <summary>The same, while the policy is taken away. Nothing loads it.</summary>
    public AbsolutePath Going => Directory.Child($"{User}.going");

    /// <summary>The configuration of the name server.</summary>
    public AbsolutePath Configuration => Directory.Child($"{User}.conf");

    /// <summary>Its log.</summary>
    public AbsolutePath Log => Directory.Child($"{User}.log");

    /// <summary>The state of reading that log.</summary>
    public AbsolutePath Progress => Directory.Child($"{User}.read");

    /// <summary>The name server's process id, which it writes itself.</summary>
    public AbsolutePath Pid => Directory.Child($"{User}.pid");
}
