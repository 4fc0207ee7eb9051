using System.CommandLine;
using System.CommandLine.Parsing;

namespace VmExecutor.Commands;

/// <summary>For validators, which run on every line: the value of an option that was written without one cannot be asked for, it throws.</summary>
internal static class GivenOptions
{
    /// <summary>True when it was written, with a value or without: one without is an error already.</summary>
    public static bool Has(this CommandResult result, Option option) => result.GetResult(option) is { Implicit: false };
}
