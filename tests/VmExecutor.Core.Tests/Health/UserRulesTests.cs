using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class UserRulesTests
{
    private static readonly Account Root = new(0, "root", ["root"]);
    private static readonly Account Runner = new(999, "gitlab-runner", ["gitlab-runner", "libvirt"]);
    private static readonly Account Other = new(1000, "anna", ["anna"]);
    private static readonly AbsolutePath StateDir = new("/var/lib/vm-executor");

    public static TheoryData<string, string?, string?, CheckStatus, string> Users => new()
    {
        // looking, running, owner
        { "root", null, null, CheckStatus.Ok, "is not there yet" },
        { "root", null, "root", CheckStatus.Ok, "to whom /var/lib/vm-executor belongs" },
        { "runner", "runner", "runner", CheckStatus.Ok, "GitLab Runner runs as gitlab-runner" },
        { "runner", "runner", "root", CheckStatus.Problem, "belongs to root: stages cannot write there" },
        { "other", null, "runner", CheckStatus.Problem, "belongs to gitlab-runner" },
        { "root", null, "runner", CheckStatus.Warning, "what root makes there, gitlab-runner cannot change" },
        { "root", "root", "runner", CheckStatus.Warning, "what root makes there" },
        { "root", "runner", "runner", CheckStatus.Warning, "you are root" },
    };

    [Theory]
    [MemberData(nameof(Users))]
    public void The_runner_must_own_the_state_directory(string looking, string? running, string? owner, CheckStatus status, string found)
    {
        var finding = UserRules.DecideRunnerUser(Of(looking)!, Of(running), StateDir, Of(owner));

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
        (finding.Fix is null).Should().Be(status == CheckStatus.Ok);
    }

    [Theory]
    [InlineData("qemu:///system", "root", null, true, CheckStatus.Ok)]
    [InlineData("qemu:///system", "other", null, true, CheckStatus.Ok)]
    [InlineData("qemu:///system", "other", null, false, CheckStatus.Problem)]
    [InlineData("qemu:///system", "root", "other", true, CheckStatus.Warning)]
    [InlineData("qemu:///system", "root", "runner", true, CheckStatus.Ok)]
    [InlineData("qemu:///system", "root", null, false, CheckStatus.Skipped)]
    [InlineData("qemu:///session", "other", null, true, CheckStatus.Ok)]
    [InlineData("qemu:///session", "other", null, false, CheckStatus.Skipped)]
    public void The_runners_user_must_be_let_to_libvirts_socket(string uri, string looking, string? running, bool answered, CheckStatus status) =>
        UserRules.DecideSocket(uri, Of(looking)!, Of(running), answered, tooLong: null).Status.Should().Be(status);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_socket_with_too_long_a_path_is_a_problem_before_any_job_meets_it(bool answered)
    {
        var socket = new SessionSocket($"/srv/{new string('x', 120)}/monitor.sock", "XDG_CONFIG_HOME");

        var finding = UserRules.DecideSocket("qemu:///session", Other, null, answered, socket);

        finding.Status.Should().Be(CheckStatus.Problem);
        finding.Found.Should().Contain(socket.Path).And.Contain("138 bytes").And.Contain("107 at most");
        finding.Fix.Should().Contain("XDG_CONFIG_HOME");
    }

    private static Account? Of(string? name) => name switch
    {
        "root" => Root,
        "runner" => Runner,
        "other" => Other,
        _ => null,
    };
}
