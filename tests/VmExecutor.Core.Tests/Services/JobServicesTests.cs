using System.Text;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Services;
using Xunit;

namespace VmExecutor.Core.Tests.Services;

public sealed class JobServicesTests
{
    [Fact]
    public void A_service_has_all_that_the_job_says_of_it()
    {
        var service = Read(
            """
            "services": [{
              "name": "$CI_REGISTRY/db:$VERSION", "alias": "db,  database other", "entrypoint": ["/init", "-v"], "command": ["run", "a b"],
              "variables": [{ "key": "PASSWORD", "value": "of $WHOM", "public": true }, { "key": "WHOM", "value": "the service" }],
              "pull_policy": ["always", "if-not-present", "sometimes"],
              "executor_opts": { "docker": { "platform": "linux/$ARCH", "user": "dave" } }
            }],
            "variables": [
              { "key": "CI_REGISTRY", "value": "registry.example.com:5000", "public": true }, { "key": "VERSION", "value": "1", "public": true },
              { "key": "ARCH", "value": "arm64" }, { "key": "WHOM", "value": "the job", "public": true }
            ]
            """).All.Should().ContainSingle().Which;

        service.Image.Should().Be("registry.example.com:5000/db:1");
        service.Aliases.Should().Equal("db", "database", "other");
        service.Entrypoint.Should().Equal("/init", "-v");
        service.Command.Should().Equal("run", "a b");
        service.PullPolicies.Should().Equal(PullPolicy.Always, PullPolicy.IfNotPresent);
        (service.Platform, service.User).Should().Be(("linux/arm64", "dave"));
        service.Variables.Should().BeEquivalentTo(new Dictionary<string, string>
        {
            ["CI_REGISTRY"] = "registry.example.com:5000",
            ["VERSION"] = "1",
            ["WHOM"] = "the service",
            ["PASSWORD"] = "of the service",
        });
    }

    [Fact]
    public void Of_the_jobs_variables_a_service_gets_the_public_ones_and_no_files()
    {
        var services = Read(
            """
            "services": [{ "name": "a", "variables": [{ "key": "OWN", "value": "1" }, { "key": "OWN_FILE", "value": "x", "file": true }] }],
            "variables": [
              { "key": "PUBLIC", "value": "$SECRET", "public": true }, { "key": "SECRET", "value": "s3cret", "masked": true }, { "key": "PRIVATE", "value": "x", "public": false },
              { "key": "FILE", "value": "content", "public": true, "file": true }, { "key": "RAW", "value": "$SECRET", "public": true, "raw": true }
            ]
            """);

        services.All.Single().Variables.Should().BeEquivalentTo(new Dictionary<string, string> { ["PUBLIC"] = "s3cret", ["RAW"] = "$SECRET", ["OWN"] = "1" });
        services.ToString().Should().Be("1 service", "no value is printed by accident");
    }

    [Theory]
    [InlineData(""" "services": null """)]
    [InlineData(""" "services": {} """)]
    [InlineData(""" "services": [null, 7, "redis", [], {}, { "name": "" }, { "name": 7 }] """)]
    [InlineData(""" "variables": 7, "credentials": "x" """)]
    public void Anything_else_is_no_service(string response) => Read(response).All.Should().BeEmpty();

    [Theory]
    [InlineData(""" { "name": "a", "alias": null, "entrypoint": null, "command": "run", "variables": {}, "pull_policy": "always", "executor_opts": [] } """)]
    [InlineData(""" { "name": "a", "alias": " , ", "entrypoint": [null, 7], "command": [{}], "executor_opts": { "docker": 7 } } """)]
    [InlineData(""" { "name": "a", "alias": 7, "entrypoint": [], "variables": [null, 7, { "key": 7, "value": "x" }], "executor_opts": { "docker": { "user": "", "platform": 7 } } } """)]
    public void Fields_of_other_kinds_are_as_absent(string service)
    {
        var one = Read($"\"services\": [{service}]").All.Should().ContainSingle().Which;

        one.Should().BeEquivalentTo(new JobService { Image = "a" });
    }

    [Theory]
    [InlineData("5432", 5432)]
    [InlineData("0", null)]
    [InlineData("65536", null)]
    [InlineData("$(id)", null)]
    [InlineData("", null)]
    public void The_port_to_wait_for_is_a_variable(string value, int? port) =>
        JobServices.PortOf(new JobService { Image = "a", Variables = new Dictionary<string, string> { ["HEALTHCHECK_TCP_PORT"] = value } }).Should().Be(port);

    [Fact]
    public void Logins_are_those_of_the_variable_and_under_them_those_of_the_server()
    {
        var logins = Read(
            """
            "variables": [{ "key": "DOCKER_AUTH_CONFIG", "value": "{\"auths\": {\"own.example.com\": {\"auth\": \"b3du\"}, \"both.example.com\": {\"auth\": \"dmFy\"}}}" }],
            "credentials": [
              { "type": "registry", "url": "gitlab.example.com:5050", "username": "gitlab-ci-token", "password": "glcbt-64_ü" },
              { "type": "registry", "url": "both.example.com", "username": "a", "password": "b" },
              { "type": "other", "url": "x", "username": "a", "password": "b" }, { "type": "registry", "url": "", "username": "a", "password": "b" }, null
            ]
            """).Logins;

        logins.ToJson().Should().Be(
            "{\"auths\":{\"both.example.com\":{\"auth\":\"dmFy\"},\"gitlab.example.com:5050\":{\"auth\":\"" + Convert.ToBase64String(Encoding.UTF8.GetBytes("gitlab-ci-token:glcbt-64_ü"))
            + "\"},\"own.example.com\":{\"auth\":\"b3du\"}}}");
        logins.ToString().Should().Be("3 logins");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("""{"auths": []}""")]
    [InlineData("""{"credHelpers": {}}""")]
    [InlineData("""{"auths": {"a": {"auth": "\ud800"}}}""")]
    [InlineData("""{"auths": {"a": {}, "a": {}}}""")]
    public void A_text_without_logins_is_none(string text) => RegistryLogins.TryParse(text).Should().BeNull();

    [Fact]
    public void A_response_that_is_none_is_refused() =>
        FluentActions.Invoking(() => JobServices.Read("[]"u8.ToArray())).Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.JobResponseUnusable);

    private static JobServices Read(string fields) => JobServices.Read(Encoding.UTF8.GetBytes($"{{ \"id\": 1, {fields} }}"));
}
