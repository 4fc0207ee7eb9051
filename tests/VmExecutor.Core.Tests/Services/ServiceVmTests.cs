using System.Text;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Services;

/// <summary>Services that are VMs of their own: whose they are, which image they get, and what joins them with their job.</summary>
public sealed class ServiceVmTests
{
    private static readonly JobKey Job = new("https://gitlab.example.com", "abc", 4711);
    private static readonly MacAddress Card = new([1, 2, 3]);
    private static readonly ImageDefinition Web = ImageDefinition.Blank with { Name = new ImageName("web"), Patterns = ["web:*"], Service = new ServiceVmSettings { Ports = [80] } };

    [Fact]
    public void The_key_of_a_service_names_its_job_and_is_that_of_no_other()
    {
        var service = Job.OfService(1);

        service.Value.Should().MatchRegex("^service1-4711-[0-9a-f]{6}$");
        JobKey.TryParse(service.Value, out var read).Should().BeTrue();
        read!.ServiceNumber.Should().Be(1);
        read.IsServiceOf(Job).Should().BeTrue();
        read.IsServiceOf(new JobKey("https://gitlab.example.com", "abd", 4711)).Should().BeFalse();
        Job.ServiceNumber.Should().BeNull();
        new JobKey("https://gitlab.example.com", "service1", 4711).IsServiceOf(Job).Should().BeFalse("a runner's token may look alike");
        Job.OfService(0).Should().NotBe(Job.OfService(1));
    }

    [Fact]
    public void A_stamp_tells_the_job_whose_service_the_clone_is_and_a_standby_clone_is_none()
    {
        var stamp = TestPlan.Stamp(TestPlan.For(TestPlan.Image())) with { Key = Job.OfService(2).Value, Job = Job.Value };

        stamp.JobOfService.Should().Be(Job);
        StampXml.TryParse(StampXml.Write(stamp).ToString())!.JobOfService.Should().Be(Job);
        (stamp with { Key = "standby-5-abcdef" }).JobOfService.Should().BeNull();
        (stamp with { Job = null }).JobOfService.Should().BeNull();
    }

    [Fact]
    public void A_service_gets_an_image_only_where_that_is_one_for_services_and_for_the_job()
    {
        var settings = Settings(Web, ImageDefinition.Blank with { Name = new ImageName("plain") }, Web with { Name = new ImageName("closed"), Patterns = [], Allow = new AccessSettings { Projects = ["other/*"] } });
        var job = TestPlan.For(TestPlan.Image()).Job;

        ImageChoice.ForService("web:2", job, settings).Should().BeSameAs(settings.Images[0]);
        ImageChoice.ForService("plain", job, settings).Should().BeNull();
        ImageChoice.ForService("postgres:16", job, settings).Should().BeNull();
        var closed = () => ImageChoice.ForService("closed", job, settings);
        closed.Should().Throw<BuildFailureException>().Which.Message.Should().StartWith("this job may not use image 'closed' as a service: ");
        settings.HasServiceImages().Should().BeTrue();
    }

    [Fact]
    public void Containers_and_VMs_are_told_apart_and_no_alias_is_that_of_two()
    {
        var plan = Plan("""{ "name": "web", "alias": "db" }, { "name": "redis" }, { "name": "web:2" }""");

        plan.Containers.Services.Select(service => (service.Number, service.Wanted.Image)).Should().Equal((0, "redis"));
        plan.Vms.Select(service => (service.Number, service.Wanted.Image)).Should().Equal((0, "web"), (1, "web:2"));
        plan.Vms[0].Names.Should().Equal("db", "web");
        var same = () => Plan("""{ "name": "web", "alias": "db" }, { "name": "redis", "alias": "db" }""");
        same.Should().Throw<BuildFailureException>().Which.Code.Should().Be(ErrorCodes.ServiceRefused);
    }

    [Fact]
    public void The_clone_of_a_service_is_of_its_own_image_and_does_nothing_of_the_job()
    {
        var job = TestPlan.For(TestPlan.Image()) with { ServiceVms = Plan("""{ "name": "web" }""").Vms };

        var plan = job.ForService(job.ServiceVms[0], "seed");

        plan.Job.Key.IsServiceOf(job.Job.Key).Should().BeTrue();
        plan.Image.Should().BeSameAs(Web);
        plan.Paths.Directory.Should().Be(job.Paths.Directory.Parent().Child(plan.Job.Key.Value));
        (plan.IsAhead, plan.HasSparePort, plan.Job.Services.Count, plan.ServiceVms.Count).Should().Be((true, true, 0, 0));
        plan.Mac(ServiceNetwork.CardIndex).Should().NotBe(plan.Mac(0));
    }

    /// <summary>Else a job gets out of its policy by a service.</summary>
    [Theory]
    [InlineData(null, null, null)]
    [InlineData(null, "job", "job")]
    [InlineData("own", null, "own")]
    [InlineData("own", "job", "own")]
    [InlineData("watched", "job", "job")]
    [InlineData("watched", null, "watched")]
    public void A_service_without_a_policy_that_refuses_has_the_jobs(string? own, string? job, string? expected)
    {
        var image = own is null ? Web : Web with { Egress = new EgressSettings { Mode = own == "watched" ? EgressMode.Watch : EgressMode.Enforce, Allow = [EgressRule.Parse("own.test")] } };
        var service = Plan("""{ "name": "web" }""").Vms[0] with { Vm = image };
        var plan = TestPlan.For(TestPlan.Image()) with { Egress = job is null ? null : new EgressPolicy("job", false, [EgressRule.Parse("job.test")]) };

        var egress = plan.ForService(service, "seed").Egress;

        (egress is null ? null : egress.Watches ? "watched" : egress.Name == "job" ? "job" : "own").Should().Be(expected);
    }

    [Fact]
    public void The_commands_for_QEMU_are_JSON_and_join_one_hub()
    {
        string[] all = [ServiceNetwork.TakeSocket, ServiceNetwork.AskDevices, .. ServiceNetwork.ForService(Card, null), .. ServiceNetwork.ForSocketOfJob(3), .. ServiceNetwork.ForJob(Card, "vmx-service-port")];
        var parsed = all.Select(text => JsonDocument.Parse(text).RootElement).ToList();

        parsed.Select(command => command.GetProperty("execute").GetString()).Should()
            .Equal("getfd", "query-pci", "netdev_add", "device_add", "netdev_add", "netdev_add", "netdev_add", "device_add");
        Arguments(2).GetProperty("fd").GetString().Should().Be(Arguments(0).GetProperty("fdname").GetString());
        Arguments(3).TryGetProperty("bus", out _).Should().BeFalse();
        Arguments(5).GetProperty("netdev").GetString().Should().Be(Arguments(4).GetProperty("id").GetString());
        Arguments(5).GetProperty("hubid").GetInt32().Should().Be(Arguments(6).GetProperty("hubid").GetInt32());
        Arguments(7).GetProperty("netdev").GetString().Should().Be(Arguments(6).GetProperty("id").GetString());
        Arguments(7).GetProperty("bus").GetString().Should().Be("vmx-service-port");
        Arguments(7).GetProperty("mac").GetString().Should().Be("52:54:00:01:02:03");

        JsonElement Arguments(int number) => parsed[number].GetProperty("arguments");
    }

    [Theory]
    [InlineData("""[{"bus":0,"devices":[{"qdev_id":"pci.1"},{"qdev_id":"vmx-service-port","pci_bridge":{}}]}]""", "vmx-service-port")]
    [InlineData("""[{"bus":0,"devices":[{"qdev_id":"pci.1"},{"qdev_id":""},{}, 7]}]""", null)]
    [InlineData("""{"bus":0}""", null)]
    [InlineData("""[1, {"devices": 2}]""", null)]
    public void The_spare_port_is_found_in_QEMUs_list_of_devices(string answer, string? port) =>
        ServiceNetwork.FindPort(JsonDocument.Parse(answer).RootElement).Should().Be(port);

    [Fact]
    public void Each_guest_has_an_address_of_its_own() =>
        Enumerable.Range(0, ServiceNetwork.Most).Select(number => ServiceNetwork.Address(number)).Append(ServiceNetwork.Address(null)).Should()
            .OnlyHaveUniqueItems().And.StartWith(["198.18.0.2", "198.18.0.3"]).And.EndWith("198.18.0.1").And.Contain("198.18.0.251");

    [Fact]
    public void Nothing_that_a_job_writes_is_taken_for_a_place_in_the_text()
    {
        var services = Plan("""{ "name": "web", "variables": [{ "key": "WORD", "value": "@start @ready 'quoted' @file @ports", "public": true }, { "key": "not a name", "value": "x", "public": true }] }, { "name": "web:2", "alias": "second" }""").Vms;
        var settings = new ServiceVmSettings { Ports = [80, 443], Start = "begin @ready @variables", Ready = "ask it" };

        var text = ServiceVmScript.ForService(Card, services[0], services, settings, TimeSpan.FromSeconds(7));

        text.Should().Contain(@"WORD='\''@start @ready '\''\'\'''\''quoted'\''\'\'''\'' @file @ports'\''")
            .And.Contain("start='begin @ready @variables' ready='ask it' wanted='80 443'").And.Contain("until=$((uptime + 7))").And.NotContain("not a name")
            .And.Contain("198.18.0.2/24 dev").And.Contain("'198.18.0.3 second").And.NotContain("198.18.0.2 web");
        ServiceVmScript.ForJob(Card, services).Should().Contain("198.18.0.1/24").And.Contain("'198.18.0.2 web\n198.18.0.3 second").And.NotContain("@");
        ServiceVmScript.ForReach(services[1], settings).Should().Contain("for port in 80 443; do").And.Contain("198.18.0.3");
    }

    [Fact]
    public void A_port_that_the_job_names_is_waited_for_in_place_of_the_images()
    {
        var service = Plan("""{ "name": "web", "variables": [{ "key": "HEALTHCHECK_TCP_PORT", "value": "8080" }] }""").Vms[0];

        ServiceVmScript.Ports(service, Web.Service!).Should().Equal(8080);
    }

    private static ServicePlan Plan(string services) => ServicePlan.Of(
        JobServices.Read(Encoding.UTF8.GetBytes($$"""{ "id": 1, "services": [{{services}}] }""")),
        ImageDefinition.Blank,
        RegistryLogins.None,
        name => name.StartsWith("web", StringComparison.Ordinal) ? Web : null);

    private static Settings Settings(params ImageDefinition[] images) =>
        new() { File = new AbsolutePath("/etc/vm-executor/vm-executor.yaml"), StateDir = new AbsolutePath("/var/lib/vm-executor"), Images = images };
}
