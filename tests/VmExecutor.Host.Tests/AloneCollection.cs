using Xunit;

namespace VmExecutor.Host.Tests;

/// <summary>
/// Tests that measure the whole process, such as the memory it allocates. They run while no other test does: what is measured then is their own.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class AloneCollection
{
    public const string Name = "alone in the process";
}
