using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class AccountRulesTests
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
        var finding = AccountRules.DecideRunner(Of(looking)!, Of(running), StateDir, Of(owner));

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
        AccountRules.DecideSocket(uri, Of(looking)!, Of(running), answered).Status.Should().Be(status);

    [Theory]
    [InlineData("root", 0u, "600", true, CheckStatus.Ok, null)]
    [InlineData("root", 0u, "644", true, CheckStatus.Problem, "chmod 600 '/k'")]
    [InlineData("root", 0u, "640", true, CheckStatus.Problem, "chmod 600 '/k'")]
    [InlineData("root", 999u, "640", true, CheckStatus.Ok, null)]
    [InlineData("runner", 999u, "400", true, CheckStatus.Ok, null)]
    [InlineData("runner", 0u, "600", false, CheckStatus.Problem, "chown gitlab-runner '/k' && chmod 600 '/k'")]
    [InlineData("runner", 0u, "600", true, CheckStatus.Warning, "chown gitlab-runner '/k'")]
    [InlineData("runner", null, "0", false, CheckStatus.Problem, "namei -l '/k'")]
    public void A_key_must_be_the_runners_alone(string user, uint? owner, string mode, bool readable, CheckStatus status, string? fix)
    {
        var finding = KeyRules.Decide(new KeyLook(["small"], new AbsolutePath("/k"), owner, (UnixFileMode)Convert.ToInt32(mode, 8), readable, null), Of(user)!);

        finding.Status.Should().Be(status, finding.Found);
        finding.Fix.Should().Be(fix);
    }

    [Fact]
    public void A_key_that_ssh_cannot_use_is_a_problem_under_every_owner()
    {
        var look = new KeyLook(["small"], new AbsolutePath("/k"), 999, (UnixFileMode)0b110_000_000, IsReadable: true, new KeyTrouble("is a public key", "name the private key: /x"));

        var finding = KeyRules.Decide(look, Runner);

        finding.Status.Should().Be(CheckStatus.Problem);
        finding.Found.Should().Be("image small: the key /k is a public key");
        finding.Fix.Should().Be("name the private key: /x");
    }

    private static Account? Of(string? name) => name switch
    {
        "root" => Root,
        "runner" => Runner,
        "other" => Other,
        _ => null,
    };
}
