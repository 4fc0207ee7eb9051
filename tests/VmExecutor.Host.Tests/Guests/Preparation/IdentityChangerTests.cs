using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Guests.Preparation;

/// <summary>The questions to a woken guest and the treatment of its answers. The text itself is carried out in real guests only.</summary>
public sealed class IdentityChangerTests
{
    private const int HangLimit = 60_000;
    private readonly FakeTimeProvider _time = new(TestPlan.Now);
    private readonly WokenGuest _guest;

    public IdentityChangerTests() => _guest = new WokenGuest(_time);

    [Fact(Timeout = HangLimit)]
    public async Task A_quick_guest_is_asked_once_by_a_shell_of_root_and_the_seed_is_in_no_command_line()
    {
        await ChangeAsync();

        _guest.Commands.Should().Equal("exec sudo -n sh");
        _guest.Texts.Should().ContainSingle().Which.Should().NotContain("0707070707070707");
        _guest.Own.Should().StartWith("vmx-1\n0707070707070707");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Root_needs_no_sudo()
    {
        await ChangeAsync("root");

        _guest.Commands.Should().Equal("exec sh");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_clock_that_an_answer_does_not_prove_is_told_the_time_again()
    {
        _guest.Ways = [TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(0.2)];

        await ChangeAsync();

        _guest.Texts.Should().ContainSingle();
        _guest.Leads.Should().HaveCount(2);
        _guest.Leads[0].Should().Be(TimeSpan.Zero);
        _guest.Leads[1].Should().BeCloseTo(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.1), "half of the way is added");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_guest_that_takes_very_long_is_given_up_after_ten_seconds()
    {
        _guest.Ways = [TimeSpan.FromSeconds(4)];

        (await FailAsync()).Message.Should().Contain("its clock is off by up to ");

        _guest.Leads.Should().HaveCount(3);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_user_who_may_not_become_root_is_named_with_what_to_do()
    {
        _guest.Asks = false;
        _guest.End = (1, "sudo: a password is required\n", false);

        var failure = await FailAsync();

        failure.Message.Should().Contain("ssh.user 'ci' may not become root").And.EndWith(": sudo: a password is required");
        failure.Hint.Should().Contain("sudo without a password").And.Contain("'warm'");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_guest_without_perl_and_python_is_told_to_have_one()
    {
        _guest.Asks = false;
        _guest.Before = WokenGuest.Names;
        _guest.End = (0, "sh: 1: perl: not found\nsh: 1: python3: not found\n", true);

        var failure = await FailAsync();

        failure.Message.Should().Contain("its clock was not set; its random generator was not reseeded: sh: 1: perl: not found; sh: 1: python3: not found");
        failure.Hint.Should().Contain("perl");
        _guest.Texts.Should().ContainSingle("another try would not help");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_command_that_was_left_in_the_guest_is_told_the_same()
    {
        var changer = new IdentityChanger(_guest, _time);
        (await changer.LeaveAsync(Access("ci"), CancellationToken.None)).Should().NotBeNull();

        await _time.RunAsync(changer.ChangeLeftAsync(Access("ci"), IdentityChanger.NamesOnly("vmx-1", Seed), CancellationToken.None));

        _guest.Commands.Should().Equal("exec sudo -n sh 2>&1");
        _guest.Own.Should().StartWith("vmx-1\n0707070707070707");
        _guest.Leads.Should().ContainSingle();
    }

    [Fact(Timeout = HangLimit)]
    public async Task The_error_messages_of_a_command_that_was_left_are_told()
    {
        _guest.Asks = false;
        _guest.Before = "vmx-identity:hostname vmx-1\n";
        _guest.End = (0, "sh: 1: perl: not found\n", true);

        var change = () => new IdentityChanger(_guest, _time).ChangeLeftAsync(Access("ci"), IdentityChanger.NamesOnly("vmx-1", Seed), CancellationToken.None);

        (await change.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().EndWith("was not reseeded: sh: 1: perl: not found");
    }

    private static byte[] Seed => [.. Enumerable.Repeat((byte)7, 64)];

    private static GuestAccess Access(string user) => new(
        new DomainName("vmx-1"), new GuestAddress("127.0.0.1", 22), new GuestUser(user), new AbsolutePath("/nowhere/key"), new AbsolutePath("/nowhere"), [], GuestShell.Bash);

    private Task ChangeAsync(string user = "ci")
    {
        var access = Access(user);
        var seed = Seed;
        var wanted = new FreshIdentity { Hostname = "vmx-1", MachineId = "0123456789abcdef0123456789abcdef", Seed = seed };
        return _time.RunAsync(new IdentityChanger(_guest, _time).ChangeAsync(access, wanted, CancellationToken.None));
    }

    private async Task<SystemFailureException> FailAsync()
    {
        var failure = (await FluentActions.Awaiting(() => ChangeAsync()).Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.GuestIdentityStale);
        return failure;
    }
}
