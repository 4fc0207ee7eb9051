using FluentAssertions;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Egress;

public sealed class EgressTextTests
{
    private const string Resolv = "search example.com\nnameserver 127.0.0.53\nnameserver\t10.0.0.1\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\nnameserver evil#5\n";

    private static readonly EgressPlace Place = new(new VmUser("vm-executor-g3", 967, 967, 900));

    [Fact]
    public void Names_that_are_not_allowed_do_not_exist_and_those_below_an_exact_name_neither()
    {
        var lines = Names(Policy("git.test:443", "git.test:80", ".example.test", "a.example.test:443", "10.0.0.0/8"));

        lines.Should().Contain(["address=/#/", "server=/git.test/127.0.0.53", "server=/git.test/10.0.0.1", "server=/git.test/fe80::1@eth0", "address=/*.git.test/", "server=/example.test/10.0.0.1"])
            .And.NotContain("address=/*.example.test/").And.NotContain("address=/*.a.example.test/")
            .And.NotContain(line => line.Contains("10.0.0.0/8") || line.Contains("evil"));
        lines.Where(line => line.StartsWith("server=/git.test/", StringComparison.Ordinal)).Should().HaveCount(3);
    }

    [Fact]
    public void Addresses_go_into_the_sets_of_all_rules_that_fit_their_name()
    {
        var lines = Names(Policy("git.test:443", "git.test:80", ".example.test", "a.example.test:443"));

        lines.Should().Contain(
        [
            "nftset=/git.test/4#inet#vm_executor_egress_967#names0_4,6#inet#vm_executor_egress_967#names0_6,4#inet#vm_executor_egress_967#names1_4,6#inet#vm_executor_egress_967#names1_6",
            "nftset=/a.example.test/4#inet#vm_executor_egress_967#names0_4,6#inet#vm_executor_egress_967#names0_6,4#inet#vm_executor_egress_967#names2_4,6#inet#vm_executor_egress_967#names2_6",
            "nftset=/example.test/4#inet#vm_executor_egress_967#names2_4,6#inet#vm_executor_egress_967#names2_6",
        ]);
    }

    [Fact]
    public void Other_names_are_asked_for_as_well_where_nothing_is_refused()
    {
        var lines = Names(Policy("git.test") with { Watches = true });

        lines.Should().Contain(["server=10.0.0.1", "nftset=/git.test/4#inet#vm_executor_egress_967#names0_4,6#inet#vm_executor_egress_967#names0_6"])
            .And.NotContain(line => line.StartsWith("address=", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_of_a_policy_adds_no_line_to_the_configuration() =>
        Names(Policy() with { Name = "image\naddress=/#/6.6.6.6" }).Should().NotContain("address=/#/6.6.6.6");

    [Fact]
    public void Rules_are_about_one_user_alone_and_a_policy_without_rules_opens_nothing()
    {
        var script = EgressTable.Script(Place, Policy(), TimeSpan.FromMinutes(15));

        script.Should().Contain("meta skuid 967 goto guest").And.Contain("dnat ip to 127.97.3.199:10053").And.Contain("tcp reject with tcp reset").And.Contain("reject with icmpx").And.NotContain("@names");
        EgressTable.Script(Place, Policy() with { Watches = true }, TimeSpan.FromMinutes(15)).Should().NotContain("reject");
    }

    [Fact]
    public void Networks_and_names_are_opened_with_their_ports()
    {
        var script = EgressTable.Script(Place, Policy("10.1.0.0/16:5432", "2001:db8::/32", "a.test", "b.test:53/udp"), TimeSpan.FromMinutes(15));

        script.Should().Contain("ip daddr 10.1.0.0/16 tcp dport 5432-5432 accept").And.Contain("ip6 daddr 2001:db8::/32 accept")
            .And.Contain("ip daddr @names0_4 accept").And.Contain("ip6 daddr @names1_6 udp dport 53-53 accept").And.Contain("timeout 900s");
    }

    private static EgressPolicy Policy(params string[] rules) => new("base", false, [.. rules.Select(EgressRule.Parse)]);

    private static string[] Names(EgressPolicy policy) =>
        EgressNames.Configuration(Place, policy, Resolv, ("nobody", "nogroup"), (new AbsolutePath("/run/log"), new AbsolutePath("/run/pid"))).Split('\n');
}
