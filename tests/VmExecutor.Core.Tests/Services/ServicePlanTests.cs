using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Services;
using Xunit;

namespace VmExecutor.Core.Tests.Services;

public sealed class ServicePlanTests
{
    [Theory]
    [InlineData("postgres", "postgres")]
    [InlineData("postgres:16-alpine", "postgres")]
    [InlineData("tutum/wordpress:latest", "tutum__wordpress,tutum-wordpress")]
    [InlineData("registry.example.com:5000/group/sub/name:1.0", "registry.example.com__group__sub__name,registry.example.com-group-sub-name")]
    [InlineData("registry.example.com/name@sha256:0123456789abcdef", "registry.example.com__name,registry.example.com-name")]
    [InlineData("localhost/name:1@sha256:0123", "localhost__name,localhost-name")]
    public void A_service_is_reached_by_the_names_that_GitLab_makes_of_its_image(string image, string names) =>
        string.Join(',', ServicePlan.NamesOf(image)).Should().Be(names);

    [Theory]
    [InlineData("postgres:16", "docker.io/library/postgres:16")]
    [InlineData("tutum/wordpress", "docker.io/tutum/wordpress")]
    [InlineData("registry.example.com/a", "registry.example.com/a")]
    [InlineData("registry:5000/a", "registry:5000/a")]
    [InlineData("localhost/a", "localhost/a")]
    [InlineData("a@sha256:01", "docker.io/library/a@sha256:01")]
    public void An_image_without_a_registry_is_of_docker_io(string image, string reference) => ServicePlan.Reference(image).Should().Be(reference);

    [Fact]
    public void Aliases_stand_before_the_names_of_the_image_and_the_first_of_two_services_of_one_image_keeps_those()
    {
        var plan = Plan("""{ "name": "redis:7" }, { "name": "redis:6", "alias": "old" }, { "name": "postgres", "alias": "db,DB postgres" }""");

        plan.Services.Select(service => string.Join(' ', service.Names)).Should().Equal("redis", "old", "db postgres");
        plan.Services.Select(service => service.ToString()).Should().Equal("redis:7 (redis)", "redis:6 (old)", "postgres (db, postgres)");
        plan.Services.Should().OnlyContain(service => service.PullPolicies.Single() == PullPolicy.IfNotPresent, "the image of the VM says so");
    }

    [Fact]
    public void The_job_says_when_its_images_are_fetched() =>
        Plan("""{ "name": "redis", "pull_policy": ["always", "never"] }""").Services.Single().PullPolicies.Should().Equal(PullPolicy.Always, PullPolicy.Never);

    [Theory]
    [InlineData("""{ "name": "redis", "alias": "a" }, { "name": "postgres:16", "alias": "b A" }""", "two services have the alias 'A': 'redis' and 'postgres:16'")]
    [InlineData("""{ "name": "redis", "alias": "localhost" }""", "the alias 'localhost' of service 'redis' cannot be the name of a host")]
    [InlineData("""{ "name": "redis", "alias": "-x" }""", "the alias '-x' of service 'redis'")]
    [InlineData("""{ "name": "redis", "alias": "a$(id)" }""", "the alias 'a$(id)' of service 'redis'")]
    [InlineData("""{ "name": "redis", "alias": "tüte" }""", "the alias 'tüte' of service 'redis'")]
    [InlineData("""{ "name": "--privileged" }""", "the service '--privileged' is no container image's name")]
    [InlineData("""{ "name": "redis;id" }""", "the service 'redis;id' is no container image's name")]
    [InlineData("""{ "name": "redis:" }""", "the service 'redis:' is no container image's name")]
    [InlineData("""{ "name": "redis\n" }""", "is no container image's name")]
    [InlineData("""{ "name": "a//b" }""", "the service 'a//b' is no container image's name")]
    [InlineData("""{ "name": "/a" }""", "the service '/a' is no container image's name")]
    public void Names_that_cannot_be_are_the_jobs_failure(string services, string message)
    {
        var failure = FluentActions.Invoking(() => Plan(services)).Should().Throw<BuildFailureException>().Which;

        failure.Code.Should().Be(ErrorCodes.ServiceRefused);
        failure.Message.Should().Contain(message);
        failure.Hint.Should().Contain(".gitlab-ci.yml");
    }

    [Theory]
    [InlineData("postgres:*", "postgres:16", true)]
    [InlineData("postgres:*", "postgres", false)]
    [InlineData("registry.example.com/*", "registry.example.com/a/b:1", true)]
    [InlineData("registry.example.com/*", "evil.example.com/registry.example.com/a", false)]
    public void A_service_must_be_allowed(string pattern, string image, bool isAllowed)
    {
        var plan = () => Plan($$"""{ "name": "{{image}}" }""", new ServiceSettings { Allow = [pattern, "never/this"] });

        if (isAllowed)
        {
            plan().Services.Should().ContainSingle();
        }
        else
        {
            plan.Should().Throw<BuildFailureException>().Which.Hint.Should().Contain($"{pattern}, never/this");
        }
    }

    internal static ServicePlan Plan(string services, ServiceSettings? settings = null) => ServicePlan.Of(
        JobServices.Read(System.Text.Encoding.UTF8.GetBytes($$"""{ "id": 1, "services": [{{services}}] }""")),
        ImageDefinition.Blank with { Services = settings ?? new ServiceSettings() },
        RegistryLogins.None,
        _ => null);
}
