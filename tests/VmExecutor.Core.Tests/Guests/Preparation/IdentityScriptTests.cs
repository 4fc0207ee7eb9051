using System.Diagnostics;
using System.Text;
using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using Xunit;

namespace VmExecutor.Core.Tests.Guests.Preparation;

/// <summary>
/// The text's shape only: it sets a machine's clock and name, and is carried out nowhere but in guests (end-to-end tests of warm clones).
/// Here shells and perl are asked whether they could read it: they are started so that they run nothing.
/// </summary>
public sealed class IdentityScriptTests
{
    private static readonly GuestUser User = new("ci");

    [Theory]
    [InlineData("sh")]
    [InlineData("bash")]
    public void Shells_can_read_the_text_whatever_the_names_hold(string shell)
    {
        var hostile = Given.Identity with { MachineId = "it's $(id)\nEND\n`" };

        Errors(shell, ["-n"], IdentityScript.For(hostile, User)).Should().BeEmpty();
    }

    [Fact]
    public void Perl_can_read_its_part() =>
        Errors("perl", ["-c", "-w", "-"], Part("END")).Should().Be("- syntax OK\n");

    [Fact]
    public void Nothing_is_done_by_a_text_that_was_cut_short()
    {
        var text = IdentityScript.For(Given.Identity, User);

        text.Should().StartWith("identity() {\n").And.EndWith("\n}\nidentity\n");
        text.Split('\n').Should().OnlyContain(line => line == "" || !line.StartsWith("identity", StringComparison.Ordinal) || line == "identity() {" || line == "identity");
    }

    [Fact]
    public void Every_place_for_a_value_is_filled()
    {
        IdentityScript.For(Given.Identity, User).Should().NotMatchRegex("@[a-z]");
    }

    [Fact]
    public void Host_name_and_seed_are_told_and_are_neither_in_the_text_nor_in_the_command_line()
    {
        var wanted = Given.Identity;
        var seed = Convert.ToHexStringLower(wanted.Seed.Span);
        IdentityScript.For(wanted, User).Should().NotContain(seed).And.NotContain(wanted.Hostname);
        IdentityScript.Own(wanted).Should().Be($"{wanted.Hostname}\n{seed}\n");
        FluentActions.Invoking(() => IdentityScript.Own(wanted with { Hostname = "one\ntwo" })).Should().Throw<ArgumentException>();
        IdentityScript.RootShell(User).Should().Be("exec sudo -n sh");
        IdentityScript.RootShell(new GuestUser("root")).Should().Be("exec sh");
    }

    [Fact]
    public void A_time_is_told_to_the_tenth_of_a_microsecond() =>
        IdentityScript.Time(Given.Now).Should().Be($"{Given.Now.ToUnixTimeSeconds()} 123456700\n");

    [Fact]
    public void Keys_are_left_alone_where_the_image_has_its_own() =>
        IdentityScript.For(Given.Identity with { LoginKey = null }, User).Should().NotContain("authorized_keys");

    /// <summary>The part of the text that an interpreter gets.</summary>
    private static string Part(string end)
    {
        var lines = IdentityScript.For(Given.Identity, User).Split('\n').ToList();
        var first = lines.FindIndex(line => line.Contains($"<<'{end}'", StringComparison.Ordinal)) + 1;
        return string.Join('\n', lines[first..lines.IndexOf(end)]) + "\n";
    }

    private static string Errors(string program, string[] arguments, string text)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        })!;
        process.StandardInput.Write(text);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.Should().Be(0, errors);
        return errors;
    }
}
