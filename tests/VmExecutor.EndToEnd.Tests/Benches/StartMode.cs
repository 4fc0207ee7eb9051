using System.Reflection;
using Xunit;
using Xunit.v3;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>The test's VMs boot, whatever the mode of the run: a whole class, or one test.</summary>
/// <param name="because">Why they cannot wake up from the template that the tests share.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class AlwaysColdAttribute(string because) : Attribute
{
    public string Because { get; } = because;
}

/// <summary>The test is about waking up: its VMs do so, whatever the mode of the run.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class AlwaysWarmAttribute : Attribute;

/// <summary>The kind of start for VMs of tests that do not choose one.</summary>
internal static class StartMode
{
    /// <summary>
    /// <c>cold</c>: each VM boots. <c>warm</c>, and <c>mixed</c>, whose second run tests/run makes: each wakes up from one template.
    /// </summary>
    private const string Variable = "VM_EXECUTOR_TEST_START";

    /// <summary>For fixtures, which many tests share.</summary>
    public static bool IsWarm { get; } = Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" or "warm" or "mixed" => true,
        "cold" => false,
        var other => throw new InvalidOperationException($"{Variable} is '{other}' and not cold, warm or mixed"),
    };

    /// <summary>For the test that is about to run.</summary>
    public static bool IsWarmFor(ITestContext context) =>
        !Has<AlwaysColdAttribute>(context) && (Has<AlwaysWarmAttribute>(context) || IsWarm);

    private static bool Has<TAttribute>(ITestContext context)
        where TAttribute : Attribute =>
        (context.TestMethod as IXunitTestMethod)?.Method.GetCustomAttribute<TAttribute>() is not null
        || (context.TestClass as IXunitTestClass)?.Class.GetCustomAttribute<TAttribute>() is not null;
}
