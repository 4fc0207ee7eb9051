using System.Diagnostics;
using FluentAssertions;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The end of <c>tests/run</c>, with programs in the place of the test programs, of dotnet and of <c>tests/check</c>.</summary>
public sealed class TestRunTests : IDisposable
{
    private const string Beginning = """<assemblies schema-version="3"><assembly name="X.dll" errors="1" failed="2" not-run="0" passed="3" skipped="1" total="6">""";

    /// <summary>As xunit's own runner writes it.</summary>
    private const string Failed = Beginning + """
        <errors><error type="test-class-cleanup" name="X.Tests.ThirdTests"><failure exception-type="System.IO.IOException"><message>it stayed</message></failure></error></errors>
        <collection name="c"><test id="1" name="X.Tests.FirstTests.It_is_well" result="Pass" time="0.5" /><test id="2" name="X.Tests.FirstTests.It_is_wrong(what: \&quot;a &lt;b&gt;\&quot;)" result="Fail" time="0.5"><failure exception-type="Xunit.Sdk.XunitException"><message>Expected exitCode to be 0 because [image 'small'] says \"1 &lt; 2 &amp;&amp; &amp;lt;\" at C:\\n
        line 2
        , but found 2.</message><stack-trace>   at X.Tests.FirstTests.It_is_wrong()</stack-trace></failure></test><test id="3" name="X.Tests.SecondTests.It_says_much" result="Fail" time="0.5"><failure exception-type="Xunit.Sdk.XunitException"><message>MANY</message></failure></test></collection></assembly></assemblies>
        """;

    private readonly string _tree = Directory.CreateTempSubdirectory("vmx-run-").FullName;

    public TestRunTests()
    {
        Directory.CreateDirectory(Path.Combine(_tree, "tests"));
        Directory.CreateDirectory(Path.Combine(_tree, "bin"));
        foreach (var script in new[] { "run", "failures" })
        {
            ProgramFile.Copy(Path.Combine(BuiltDriver.Checkout(), "tests", script), Path.Combine(_tree, "tests", script));
        }

        ProgramFile.Write(Path.Combine(_tree, "bin/dotnet"), "#!/bin/sh\n");
        ProgramFile.Write(Path.Combine(_tree, "tests/check"), "#!/bin/sh\necho all is in order\n");
        foreach (var program in new[] { "Core", "GitlabCi", "RunnerSimulator", "Program", "Fuzz" })
        {
            Put(program, $"echo '{Beginning.Replace("errors=\"1\" failed=\"2\"", "errors=\"0\" failed=\"0\"", StringComparison.Ordinal)}' > \"$xml\"");
        }
    }

    public void Dispose() => Directory.Delete(_tree, recursive: true);

    [Fact(Timeout = 300_000)]
    public async Task A_run_in_which_all_passes_ends_with_its_counts()
    {
        var (exitCode, end) = await RunAsync("All done");

        exitCode.Should().Be(0, end);
        end.Should().Be("16 passed, 0 failed, 5 skipped\n");
    }

    [Fact(Timeout = 300_000)]
    public async Task Each_failed_test_is_shown_at_the_end_with_its_message_and_then_by_name()
    {
        var lines = string.Join('\n', Enumerable.Range(1, 100).Select(number => $"line {number} of many"));
        await File.WriteAllTextAsync(Path.Combine(_tree, "results"), Failed.Replace("MANY", lines, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Put("GitlabCi", $"echo what the program says; cp '{_tree}/results' \"$xml\"; exit 1");

        var (exitCode, end) = await RunAsync("What failed, with what it said");

        exitCode.Should().Be(1, end);
        end.Should().StartWith("""

            FAILED: 3 of VmExecutor.GitlabCi.Tests
                X.Tests.ThirdTests (outside of a test)
                    it stayed
                X.Tests.FirstTests.It_is_wrong(what: "a <b>")
                    Expected exitCode to be 0 because [image 'small'] says "1 < 2 && &lt;" at C:\n
                    line 2
                    , but found 2.
                X.Tests.SecondTests.It_says_much
                    line 1 of many

            """).And.Contain("""
                    line 30 of many
                    [40 lines more]
                    line 71 of many

            """).And.EndWith("""
             s: All done
            FAILED: 3 of VmExecutor.GitlabCi.Tests
                X.Tests.ThirdTests (outside of a test): it stayed
                X.Tests.FirstTests.It_is_wrong(what: "a <b>"): Expected exitCode to be 0 because [image 'small'] says "1 < 2 && &lt;" at C:\n
                X.Tests.SecondTests.It_says_much: line 1 of many
            16 passed, 3 failed, 5 skipped

            """);
    }

    [Fact(Timeout = 300_000)]
    public async Task The_last_lines_of_a_failed_look_and_of_a_crashed_program_are_shown_at_the_end()
    {
        ProgramFile.Write(Path.Combine(_tree, "tests/check"), "#!/bin/sh\nseq 100\necho 'the wall did not hold' >&2\nexit 1\n");
        Put("Core", "echo 'Unhandled exception: it is gone' >&2; kill -KILL $$");

        var (exitCode, end) = await RunAsync("What failed, with what it said");

        exitCode.Should().Be(1, end);
        end.Should().Contain("""

            FAILED: VmExecutor.Core.Tests ended with exit code 137 and without results
                Unhandled exception: it is gone

            """).And.Contain("""

            FAILED: Format and scripts
                72

            """).And.Contain("    100\n    the wall did not hold\n").And.EndWith("12 passed, 2 failed, 4 skipped\n");
    }

    [Fact(Timeout = 300_000)]
    public async Task Results_of_an_earlier_run_do_not_speak_for_a_crashed_program()
    {
        await RunAsync("All done");
        Put("Core", "exit 134");

        var (exitCode, end) = await RunAsync("What failed, with what it said");

        exitCode.Should().Be(1, end);
        end.Should().Contain("FAILED: VmExecutor.Core.Tests ended with exit code 134 and without results\n");
    }

    [Fact(Timeout = 300_000)]
    public async Task Processes_that_a_test_leaves_behind_do_not_hold_the_runs_output_open()
    {
        Put("Core", $"echo $$ > '{_tree}/left'; (sleep 1000 & echo $! > '{_tree}/left'); exit 134");

        // The output is read to its end, which would not come.
        var (_, end) = await RunAsync("All done");

        var left = int.Parse((await File.ReadAllTextAsync(Path.Combine(_tree, "left"), TestContext.Current.CancellationToken)).Trim(), System.Globalization.CultureInfo.InvariantCulture);
        using var process = Process.GetProcessById(left);
        process.Kill();
        end.Should().Contain("without results");
    }

    private void Put(string program, string script)
    {
        var directory = Path.Combine(_tree, $"tests/VmExecutor.{program}.Tests/bin/Debug/net10.0");
        Directory.CreateDirectory(directory);
        ProgramFile.Write(Path.Combine(directory, $"VmExecutor.{program}.Tests"), $"#!/bin/bash\nwhile [[ $1 != -result-xml ]]; do shift; done\nxml=$2\n{script}\n");
    }

    /// <summary>Runs it without its slow parts.</summary>
    /// <returns>Its exit code, and its output after the heading of that step.</returns>
    private async Task<(int ExitCode, string End)> RunAsync(string step)
    {
        var start = new ProcessStartInfo(Path.Combine(_tree, "tests/run"), ["--unit"]) { RedirectStandardOutput = true };
        start.Environment["PATH"] = $"{_tree}/bin:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["TEST_RESULTS_DIR"] = $"{_tree}/xml";
        start.Environment["TMPDIR"] = _tree;
        start.Environment.Remove("VM_EXECUTOR_TEST_THOROUGH");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output[(output.IndexOf($" s: {step}\n", StringComparison.Ordinal) + 5 + step.Length)..]);
    }
}
