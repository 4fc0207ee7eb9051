using System.Security.Cryptography;
using System.Text;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

public class ScriptRunTests(SshdFixture sshd) : GuestTest(sshd)
{
    [Theory(Timeout = 60_000)]
    [InlineData("true", 0)]
    [InlineData("exit 1", 1)]
    [InlineData("exit 2", 2)]
    [InlineData("exit 7", 7)]
    [InlineData("exit 255", 255)]
    [InlineData("exit 300", 44)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("kill -TERM $$", 143)]
    [InlineData("sh -c 'kill -9 $$'", 137)]
    [InlineData("trap : INT; kill -INT $$; exit 3", 3)]
    [InlineData("trap 'exit 5' TERM; kill 0; sleep 9", 5)]
    [InlineData("no-such-command-here", 127)]
    [InlineData("", 0)]
    public async Task The_exit_code_is_the_scripts_own(string script, int exitCode) =>
        (await RunAsync(script)).ExitCode.Should().Be(exitCode);

    private const string WaitForSample = "f=${TMPDIR:-/tmp}/vmx-$VMX_RUN-memory; until [ -s $f ]; do sleep 0.1; done; ";

    [Fact(Timeout = 60_000)]
    public async Task The_most_memory_that_the_guest_used_is_told()
    {
        var (run, output, _) = await MeasureAsync(WaitForSample + "tail -n 1 $f; exit 3");

        run.Exit.ExitCode.Should().Be(3);
        run.GuestPeakBytes.Should().BeGreaterThanOrEqualTo(long.Parse(output.Trim(), System.Globalization.CultureInfo.InvariantCulture) << 10);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_script_that_ends_at_once_is_measured_and_leaves_nothing_that_measures_on()
    {
        for (var number = 0; number < 10; number++)
        {
            var (run, output, _) = await MeasureAsync("echo ${TMPDIR:-/tmp}/vmx-$VMX_RUN-memory");

            run.GuestPeakBytes.Should().BePositive();
            var file = output.Trim();
            var token = file.Split('-')[^2];
            while (System.IO.File.Exists(file) || Directory.EnumerateDirectories("/proc").Any(process => Names(process, token)))
            {
                await Task.Delay(50, Cancellation);
            }
        }
    }

    private static bool Names(string process, string token)
    {
        try
        {
            return System.IO.File.ReadAllText($"{process}/cmdline").Contains(token, StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [Theory(Timeout = 60_000)]
    [InlineData("echo +5 >$f")]
    [InlineData("echo -5 >$f")]
    [InlineData("echo 00000000000000005 >>$f")]
    [InlineData("echo 'a[$(touch $0-x)]' >>$f")]
    [InlineData("echo '99 99' >>$f")]
    [InlineData("printf 77 >>$f")]
    [InlineData("head -c 100000 /dev/urandom >>$f")]
    [InlineData("rm $f")]
    [InlineData("rm $f; mkdir $f")]
    public async Task A_script_that_spoils_what_is_measured_has_its_exit_and_output_all_the_same(string spoil)
    {
        var (run, output, error) = await MeasureAsync($"{WaitForSample}{spoil}; echo out; echo err >&2; exit 3");

        (run.Exit.ExitCode, run.OutputMayBeCut, output, error).Should().Be((3, false, "out\n", "err\n"));
    }

    private async Task<(ScriptRun Run, string Output, string Error)> MeasureAsync(string script)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var run = await Guest.RunScriptAsync(
            Job with { LoginShell = LoginShell }, new GuestScript("step_script", Encoding.ASCII.GetBytes(script)) { MeasuresMemory = true }, output, error, NeverDies, Cancellation);
        return (run, Encoding.ASCII.GetString(output.ToArray()), Encoding.ASCII.GetString(error.ToArray()));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_script_that_kills_its_whole_process_group_is_reported_as_killed() =>
        (await RunAsync("kill -9 0; sleep 9")).ExitCode.Should().Be(137);

    [Fact(Timeout = 60_000)]
    public async Task Nothing_is_added_to_the_output_nor_taken_from_it() =>
        (await RunAsync("printf 'no newline'; printf 'a\\0b' >&2; kill -9 $$")).Should().Be((137, "no newline", "a\0b"));

    [Theory(Timeout = 60_000)]
    [InlineData(GuestShell.Bash, "echo ${BASH_VERSION:+bash} $0", "bash */vmx-*-script\n")]
    [InlineData(GuestShell.Sh, "echo sh $0", "sh */vmx-*-script\n")]
    [InlineData(GuestShell.Pwsh, "echo in $0", "pwsh -NoProfile -NonInteractive -File */vmx-*-script.ps1\nin */vmx-*-script.ps1\n")]
    public async Task The_images_shell_runs_the_script(GuestShell shell, string script, string output) =>
        (await RunAsync(script, shell)).Output.Should().Match(output);

    [Fact(Timeout = 60_000)]
    public async Task A_script_that_reads_its_input_finds_the_end() =>
        (await RunAsync("cat; read -r x || echo end")).Output.Should().Be("end\n");

    [Fact(Timeout = 60_000)]
    public async Task A_script_keeps_the_umask_and_signals_of_a_login() =>
        (await RunAsync("grep SigIgn /proc/self/status | grep -v 0000000000000000; umask")).Output.Should().Be("0022\n");

    [Fact(Timeout = 60_000)]
    public async Task A_script_of_a_megabyte_without_a_last_newline_runs_to_its_last_byte()
    {
        var script = new StringBuilder();
        while (script.Length < 1_500_000)
        {
            script.Append("# a line of a comment that only takes room\n");
        }

        script.Append("printf 'the end'");

        (await RunAsync(script.ToString())).Should().Be((0, "the end", ""));
    }

    [Theory(Timeout = 60_000)]
    [InlineData(100, 0, 255)]
    [InlineData(100, 1, 255)]
    [InlineData(32 << 10, 1, 127)]
    [InlineData((32 << 10) + 1, 1, 127)]
    [InlineData(100_000, 0, 255)]
    public async Task Every_byte_of_a_script_arrives(int length, int least, int most)
    {
        byte[] script = [.. Enumerable.Range(0, length).Select(i => (byte)(least + ((length - 1 - i) % (most - least + 1))))];
        "sha256sum <$0; exit\n"u8.CopyTo(script);
        using var output = new MemoryStream();

        var run = await Guest.RunScriptAsync(Job with { LoginShell = LoginShell }, new GuestScript("step_script", script), output, Stream.Null, NeverDies, Cancellation);

        run.Exit.ExitCode.Should().Be(0);
        Encoding.ASCII.GetString(output.ToArray()).Should().Be($"{Convert.ToHexStringLower(SHA256.HashData(script))}  -\n");
    }

    [Fact(Timeout = 120_000)]
    public async Task Twenty_megabytes_of_noise_on_each_stream_arrive_unchanged()
    {
        var (first, second) = (File("first"), File("second"));
        await System.IO.File.WriteAllBytesAsync(first, RandomNumberGenerator.GetBytes(20_000_000), Cancellation);
        await System.IO.File.WriteAllBytesAsync(second, RandomNumberGenerator.GetBytes(20_000_000), Cancellation);
        using var output = new MemoryStream();
        using var error = new MemoryStream();

        await RunAsync($"cat {second} >&2 & cat {first}; wait", output, error);

        Hash(output).Should().Be(Hash(first));
        Hash(error).Should().Be(Hash(second));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_character_split_over_two_writes_stays_whole() =>
        (await RunAsync("printf '\\342\\202'; sleep 0.05; printf '\\254'")).Output.Should().Be("€");

    [Fact(Timeout = 60_000)]
    public async Task The_first_line_is_seen_while_the_script_still_runs()
    {
        var go = Fifo("go");
        using var output = new FirstWrite();
        using var error = new MemoryStream();
        var run = RunAsync($"echo first; read -r word <{go}; echo $word", output, error);

        (await output.Seen).Should().Be("first\n");
        run.IsCompleted.Should().BeFalse();
        await System.IO.File.WriteAllTextAsync(go, "second\n", Cancellation);

        (await run).Exit.ExitCode.Should().Be(0);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("sleep 300 &")]
    [InlineData("setsid sleep 300 &")]
    [InlineData("(exec sleep 300; echo late) &")]
    public async Task A_background_process_that_holds_the_output_does_not_hold_the_run(string start)
    {
        var (exitCode, output, _) = await RunAsync($"{start} echo $!; exit 4");

        exitCode.Should().Be(4);
        IsRunning(output.Trim()).Should().BeTrue("a script's end leaves its background processes alone");
        await RunAsync($"kill {output}");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_script_is_private_and_gone_afterwards()
    {
        var (_, output, _) = await RunAsync("stat -c '%a %n' $0");

        output.Should().StartWith("600 ");
        var file = output.Trim().Split(' ')[1];
        await RunAsync("true");
        System.IO.File.Exists(file).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_secret_in_a_script_is_in_no_argument_list()
    {
        var go = Fifo("go");
        var run = RunAsync($"secret=hunter2-{go.Length}; read -r word <{go}");
        await using (var fifo = await Task.Run(() => new StreamWriter(go), Cancellation))
        {
            var commandLines = Directory.GetDirectories("/proc").Select(directory => Path.Combine(directory, "cmdline")).Where(System.IO.File.Exists).Select(TryRead);
            commandLines.Should().NotContain(line => line.Contains("hunter2", StringComparison.Ordinal));
            await fifo.WriteLineAsync("go");
        }

        await run;
    }

    private static string TryRead(string file)
    {
        try
        {
            return System.IO.File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static string Hash(MemoryStream stream) => Convert.ToHexString(SHA256.HashData(stream.ToArray()));

    private static string Hash(string file) => Convert.ToHexString(SHA256.HashData(System.IO.File.ReadAllBytes(file)));
}
