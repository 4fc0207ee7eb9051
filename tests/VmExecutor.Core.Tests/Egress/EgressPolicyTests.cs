using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Tests.Configuration;
using Xunit;

namespace VmExecutor.Core.Tests.Egress;

public sealed class EgressPolicyTests
{
    private const string Policies = """
        egress:
          allow: [.example.test, '10.1.0.0/16:5432']
          projects:
            - {projects: open/**, mode: open}
            - {projects: [closed/**, 'half/closed'], mode: enforce}
            - {projects: trial/*, mode: watch, allow: registry.test}
            - {projects: trial/**, allow: never.test}
        """;

    [Theory]
    [InlineData("group/project", ".example.test, 10.1.0.0/16:5432", false)]
    [InlineData(null, ".example.test, 10.1.0.0/16:5432", false)]
    [InlineData("closed/a/b", "nothing", false)]
    [InlineData("HALF/closed", "nothing", false)]
    [InlineData("trial/a", "registry.test", true)]
    public void A_job_gets_the_first_policy_of_its_project_or_the_images(string? project, string listed, bool watches)
    {
        var policy = For(Policies, project, asked: null)!;

        (policy.Listed, policy.Watches).Should().Be((listed, watches));
    }

    [Fact]
    public void A_job_has_none_where_nothing_or_open_is_said()
    {
        For("", "group/project", asked: null).Should().BeNull();
        For(Policies, "open/a", asked: null).Should().BeNull();
        For("egress: {mode: open}", "a/b", asked: null).Should().BeNull();
        For("egress: {mode: open}", "a/b", asked: null, "defaults: {egress: {allow: .example.test}}").Should().BeNull("an image may say otherwise than the defaults");
        For("", "a/b", asked: null, "defaults: {egress: {allow: .example.test}}")!.Listed.Should().Be(".example.test");
    }

    [Theory]
    [InlineData("git.example.test:443", "git.example.test:443")]
    [InlineData(" git.example.test,\t10.1.2.0/24:5432;git.example.test ", "git.example.test, 10.1.2.0/24:5432")]
    [InlineData("none", "nothing")]
    public void A_job_narrows_its_policy(string asked, string listed)
    {
        For(Policies, "group/project", asked)!.Listed.Should().Be(listed);
        For("", "group/project", asked)!.Listed.Should().Be(listed, "without a policy a job may have one of its own");
        For(Policies, "trial/a", asked)!.Should().BeEquivalentTo(new { Watches = false, Listed = listed }, "a job that is watched may keep to less");
    }

    [Theory]
    [InlineData("evil.test")]
    [InlineData("git.example.test evil.test:443")]
    [InlineData("10.1.0.0/16")]
    [InlineData("10.0.0.0/8:5432")]
    [InlineData("0.0.0.0/0")]
    [InlineData(".test")]
    public void A_job_that_asks_for_more_fails_and_is_told_the_policy(string asked) =>
        FluentActions.Invoking(() => For(Policies, "group/project", asked)).Should().Throw<BuildFailureException>()
            .Where(e => e.Code == ErrorCodes.EgressNotAllowed && e.Message.Contains("may only narrow") && e.Hint.Contains(".example.test, 10.1.0.0/16:5432"));

    [Theory]
    [InlineData("*.example.test")]
    [InlineData("none git.example.test:0")]
    [InlineData("git.example.test;address=/#/1.2.3.4")]
    public void A_job_that_asks_for_no_destination_fails(string asked) =>
        FluentActions.Invoking(() => For("", "group/project", asked)).Should().Throw<BuildFailureException>().Where(e => e.Code == ErrorCodes.EgressNotUnderstood);

    [Theory]
    [InlineData("egress: {allow: '*.a.test'}", "1:17: egress.allow: '*.a.test' is not a destination; write '.a.test' for a name and all names below it")]
    [InlineData("egress: {projects: [{allow: .a.test}]}", "1:21: egress.projects: has an item without 'projects', which no job can have; add for example 'projects: group/**'")]
    public void A_policy_that_cannot_hold_is_an_error(string yaml, string message) =>
        Yaml.Errors("", ("image.yaml", $"{yaml}\n{Yaml.Image}")).Should().Equal($"images/image.yaml:{message}");

    [Fact]
    public void A_job_narrows_what_an_image_on_a_libvirt_network_reaches() =>
        For("network: {mode: libvirt}", "group/project", "git.example.test")!.Listed.Should().Be("git.example.test");

    [Theory]
    [InlineData("", LibvirtUri.System, "allow: .a.test", null)]
    [InlineData("", "qemu:///session", "allow: .a.test", null)]
    [InlineData("", "qemu:///session", "mode: watch", "mode: watch")]
    [InlineData("", "qemu:///session", "projects: [{projects: a/**, mode: watch}, {projects: b/**, allow: .a.test}]", "mode: watch")]
    [InlineData("defaults: {network: {mode: libvirt}}", "qemu:///session", "allow: .a.test", "user-mode network")]
    [InlineData("", "qemu+ssh://host/session", "allow: .a.test", "qemu+ssh://host/session")]
    [InlineData("", "test:///default", "allow: .a.test", "test:///default")]
    [InlineData("libvirt: {user_per_vm: off}", LibvirtUri.System, "allow: .a.test", "user_per_vm")]
    public void A_configuration_with_a_policy_that_no_vm_can_have_is_refused(string settings, string uri, string policy, string? why)
    {
        var with = () => EgressNeeds.Ensure(Yaml.Bind(settings, ("a.yaml", $"egress: {{{policy}}}\n{Yaml.Image}"), ("b.yaml", Yaml.Image)).Settings, uri);

        EgressNeeds.Ensure(Yaml.Bind(settings, ("a.yaml", $"egress: {{mode: open}}\n{Yaml.Image}"), ("b.yaml", Yaml.Image)).Settings, uri);
        if (why is null)
        {
            with();
        }
        else
        {
            with.Should().Throw<SystemFailureException>().Where(e => e.Code == ErrorCodes.EgressImpossible && e.Message.Contains(why) && e.Message.Contains("image a cannot"));
        }
    }

    [Fact]
    public void A_proxy_is_noted_where_it_keeps_a_policy()
    {
        var settings = Yaml.Bind("", ("a.yaml", $"egress: {{allow: .a.test}}\n{Yaml.Image}"), ("b.yaml", Yaml.Image)).Settings;

        EgressNeeds.Note(settings, "qemu:///session").Should().StartWith("the egress policy of image a is kept by a proxy: only programs");
        EgressNeeds.Note(settings, LibvirtUri.System).Should().BeNull();
        EgressNeeds.Note(Yaml.Bind("", ("b.yaml", Yaml.Image)).Settings, "qemu:///session").Should().BeNull();
    }

    [Fact]
    public void A_damaged_record_allows_no_more()
    {
        new EgressRecord("base", false, ["", "a b", "git.example.test"]).ToPolicy().Listed.Should().Be("git.example.test");
        EgressReading.Read(For(Policies, "a/b", asked: null)!, "", """{"nftables": [{"set": {"name": "refused4", "elem": [1]}}]}""", new()).AreEmpty.Should().BeTrue();
    }

    [Fact]
    public void The_variable_is_read_from_the_job_response()
    {
        const string response = """{"id": 1, "variables": [{"key": "VM_EGRESS", "value": "git.$DOMAIN"}, {"key": "DOMAIN", "value": "example.test"}]}""";

        JobResponse.Parse(System.Text.Encoding.UTF8.GetBytes(response), "abc").Egress.Should().Be("git.example.test");
    }

    [Fact]
    public void A_record_keeps_a_policy()
    {
        var policy = For(Policies, "group/project", asked: null)!;
        var plan = TestPlan.For(TestPlan.Image()) with { Egress = policy };

        EgressRecord.Of(plan)!.ToPolicy().Should().BeEquivalentTo(policy);
        EgressRecord.Of(plan)!.ByProxy.Should().BeFalse();
        EgressRecord.Of(plan with { HasProxyAlone = true })!.ByProxy.Should().BeTrue();
        EgressRecord.Of(plan with { Egress = null, HasProxyAlone = true }).Should().BeNull();
    }

    private static EgressPolicy? For(string yaml, string? project, string? asked, string settings = "")
    {
        var image = Yaml.BindImage($"{yaml}\n{Yaml.Image}", settings);
        return EgressPolicy.For(TestPlan.For(image, project).Job with { Egress = asked }, image);
    }
}
