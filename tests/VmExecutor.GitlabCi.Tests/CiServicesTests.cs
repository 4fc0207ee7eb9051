using FluentAssertions;
using Xunit;

namespace VmExecutor.GitlabCi.Tests;

public sealed class CiServicesTests
{
    [Fact]
    public void Services_are_names_or_mappings_and_by_default_those_of_the_file()
    {
        var job = Ci.Job("""
            default:
              services: [redis]
            .more: {services: ['a:1']}
            job:
              script: [x]
              services:
                - postgres:$VERSION
                - name: registry.example.com/db
                  alias: db other
                  entrypoint: [/init, -v]
                  command: ['run', 'a b']
                  variables: {PORT: 5432, YES_NO: true, NAME: '$X', EMPTY: null}
                  pull_policy: [always, if-not-present]
                  docker: {user: dave, platform: linux/arm64}
                - !reference [.more, services]
            """);

        job.Services.Should().BeEquivalentTo(
            [
                new CiService { Name = "postgres:$VERSION" },
                new CiService
                {
                    Name = "registry.example.com/db", Alias = "db other", Entrypoint = ["/init", "-v"], Command = ["run", "a b"], PullPolicy = ["always", "if-not-present"],
                    Variables = [new("PORT", "5432"), new("YES_NO", "true"), new("NAME", "$X"), new("EMPTY", "")], User = "dave", Platform = "linux/arm64",
                },
                new CiService { Name = "a:1" },
            ],
            options => options.WithStrictOrdering());
        Ci.Job("default: {services: [redis]}\njob: {script: [x]}").Services.Should().ContainSingle().Which.Name.Should().Be("redis");
        Ci.Job("default: {services: [redis]}\njob: {script: [x], services: []}").Services.Should().BeEmpty();
        Ci.Job("job: {script: [x], services: [{name: a, pull_policy: never}]}").Services.Single().PullPolicy.Should().Equal("never");
    }

    [Theory]
    [InlineData("[{alias: a}]", "job.services: name can't be blank")]
    [InlineData("[{name: a, nmae: b}]", "config contains unknown keys")]
    [InlineData("[{name: a, command: run}]", "should be an array of strings")]
    [InlineData("[{name: a, variables: [b]}]", "should be a hash")]
    [InlineData("[{name: a, variables: {b: [c]}}]", "should be a hash of key value pairs")]
    [InlineData("[{name: a, pull_policy: sometimes}]", "should be one of: always, if-not-present, never, and is 'sometimes'")]
    [InlineData("[7]", "should be an array of services")]
    [InlineData("postgres", "should be an array of services")]
    public void A_service_that_GitLab_refuses_is_refused(string services, string error) =>
        Ci.Errors($"job:\n  script: [x]\n  services: {services}\n").Should().Contain(error);
}
