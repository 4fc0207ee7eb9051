namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>
/// The number of moments that a test tries which kills something at moments spread over its time: all of them with <c>tests/run
/// --thorough</c>.
/// </summary>
internal static class Thoroughness
{
    /// <summary>True in the thorough run.</summary>
    public static bool IsFull => Of(1, 0) == 1;

    /// <param name="all">As many as prove the matter.</param>
    /// <param name="few">As many as there is time for at each change.</param>
    public static int Of(int all, int few) => Environment.GetEnvironmentVariable("VM_EXECUTOR_TEST_THOROUGH") == "true" ? all : few;
}
