using System.Globalization;
using System.Text;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Observing;

namespace VmExecutor.Fuzz.Tests.Engine;

/// <summary>Judges one input by what its reader does: it is taken, or refused as the contract says, in little time and memory.</summary>
internal static class Judge
{
    private const int BuildFailure = 71;
    private const int SystemFailure = 72;
    private const int LongestMessage = 64_000;
    private static readonly TimeSpan MostProcessorTime = TimeSpan.FromSeconds(2);
    private const long MostMemory = 200L << 20;

    // None of the usual ones, so that a code which is returned out of habit is seen.
    private static readonly StageEnvironment Environment = new(new Dictionary<string, string>
    {
        ["BUILD_FAILURE_EXIT_CODE"] = $"{BuildFailure}",
        ["SYSTEM_FAILURE_EXIT_CODE"] = $"{SystemFailure}",
    });

    /// <summary>The fault that an input shows; null: none.</summary>
    public static string? FaultOf(Reader reader, byte[] input)
    {
        var before = ThreadUse.Now();
        string? fault = null;
        try
        {
            reader.Read(input);
        }
#pragma warning disable CA1031 // Every exception is judged.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            fault = FaultOf(reader, failure);
        }

        var after = ThreadUse.Now();
        var (time, memory) = (after.Processor - before.Processor, after.Allocated - before.Allocated);
        return fault
            ?? (time > MostProcessorTime ? string.Create(CultureInfo.InvariantCulture, $"it took {time.TotalSeconds:0.0} s of processor time")
            : memory > MostMemory ? $"it took {memory >> 20} MiB of memory"
            : null);
    }

    private static string? FaultOf(Reader reader, Exception failure)
    {
        if (failure is not DriverException known)
        {
            return $"an exception that the driver does not know: {failure}";
        }

        if (!reader.Refuses.Contains(known.Code))
        {
            return $"a failure {known.Code} that this reader does not have: {failure}";
        }

        using var said = new StringWriter();
        var exitCode = ExitCodes.For(known, Environment, new JobLog(said));
        var text = said.ToString();
        return exitCode is not (BuildFailure or SystemFailure) ? string.Create(CultureInfo.InvariantCulture, $"the unknown exit code {exitCode}")
            : known.Message.Length == 0 || known.Hint.Length == 0 ? $"a failure {known.Code} without a message or hint"
            : text.Length > LongestMessage ? $"a message of {text.Length} characters"
            : text.EnumerateRunes().Any(Steers) ? $"a message that steers a terminal: {text}"
            : null;
    }

    // Tabs stay in messages: they only make room.
    private static bool Steers(Rune rune) => rune.Value is not ('\n' or '\t') && Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
