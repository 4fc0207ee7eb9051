using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using VmExecutor.Program.Tests.Faults;
using VmExecutor.Publishing;
using Xunit;

namespace VmExecutor.Program.Tests.Publishing;

/// <summary>The probe of a guest's shell, with shells of this machine in the guest's place.</summary>
public sealed class QuotingProbeTests
{
    [Theory(Timeout = 60_000)]
    [InlineData("bash", GuestShell.Bash, false, false)]
    [InlineData("bash", GuestShell.Sh, false, false)]
    [InlineData("dash", GuestShell.Sh, true, false)]
    [InlineData("false", GuestShell.Sh, null, true)]
    [InlineData("false", GuestShell.Bash, null, true)]
    [InlineData("false", GuestShell.Pwsh, null, false)]
    public async Task A_shell_that_reads_the_runners_scripts_only_with_the_flag_is_known(string program, GuestShell shell, bool? needsPosix, bool isProblem)
    {
        if (program == "dash" && await KnowsAnsiAsync())
        {
            needsPosix = false;
        }

        var guest = new FakeGuestShell { Script = (script, output) => HostShell.RunAsync(program, script, output) };
        using var machine = TestMachine.Of(TestMachine.Settings(new AbsolutePath("/state")), guest);

        var answer = await new QuotingProbe(new OwnScript(machine)).RunAsync(shell, Access, CancellationToken.None);

        answer.NeedsPosix.Should().Be(needsPosix);
        (answer.Problem is not null).Should().Be(isProblem, answer.Problem);
    }

    private static GuestAccess Access { get; } = new(
        new DomainName("vmx-probe-1-abcdef"), new GuestAddress("127.0.0.1", 22), new GuestUser("ci"), new AbsolutePath("/k"), new AbsolutePath("/d"), [], GuestShell.Sh);

    private static async Task<bool> KnowsAnsiAsync()
    {
        using var said = new MemoryStream();
        await HostShell.RunAsync("dash", "printf %s $'\\x41'"u8.ToArray(), said);
        return said.ToArray().SequenceEqual("A"u8.ToArray());
    }
}
