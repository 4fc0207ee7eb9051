using System.Text;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Core.Tests.Jobs;

public sealed class JobResponseTests
{
    private const string Full =
        """
        {
          "id": 4711, "token": "glcbt-secret",
          "job_info": { "name": "test", "project_full_path": "group/project" },
          "git_info": { "repo_url": "https://gitlab-ci-token:secret@gitlab.example.com:8443/group/project.git" },
          "runner_info": { "timeout": 7200 },
          "image": { "name": "debian-12" },
          "variables": [ { "key": "PASSWORD", "value": "hunter2", "masked": true } ],
          "services": [], "unknown": { "deep": [1, 2] }
        }
        """;

    [Fact]
    public void The_facts_that_the_driver_needs_are_read_and_no_secret_is_kept()
    {
        var job = Parse(Full);

        job.Id.Should().Be(4711);
        job.Server.Should().Be("https://gitlab.example.com:8443");
        job.Name.Should().Be("test");
        job.ProjectPath.Should().Be("group/project");
        job.Image.Should().Be("debian-12");
        job.Timeout.Should().Be(TimeSpan.FromHours(2));
        job.ToString().Should().NotContain("secret").And.NotContain("hunter2");
    }

    [Theory]
    [InlineData("build: [x64, \"a\"]")]
    [InlineData("\u001b[31m\n")]
    public void A_jobs_name_is_what_its_author_wrote(string name) =>
        Parse(Full.Replace("\"test\"", System.Text.Json.JsonSerializer.Serialize(name), StringComparison.Ordinal)).Name.Should().Be(name);

    [Fact]
    public void An_empty_name_is_none() => Parse(Full.Replace("\"test\"", "\"\"", StringComparison.Ordinal)).Name.Should().BeNull();

    [Fact]
    public void A_name_that_is_too_long_for_GitLab_is_cut_between_two_characters()
    {
        var name = new string('a', 254) + "\ud83d\ude00";

        Parse(Full.Replace("\"test\"", $"\"{name}\"", StringComparison.Ordinal)).Name.Should().Be(new string('a', 254));
        Parse(Full.Replace("\"test\"", $"\"{new string('b', 300)}\"", StringComparison.Ordinal)).Name.Should().HaveLength(255);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData(""" "artifacts": null, "cache": [], "dependencies": [] """, "")]
    [InlineData(""" "artifacts": [{ "paths": ["out/"] }], "cache": [{ "paths": ["a", "b"] }] """, "artifacts and a cache")]
    [InlineData(""" "artifacts": [{ "paths": null, "untracked": true }], "cache": [{ "key": "k", "paths": [] }], "dependencies": [{ "id": 1, "artifacts_file": { "filename": "artifacts.zip" } }] """, "artifacts and artifacts of earlier jobs")]
    [InlineData(""" "cache": [null, 7, {}, { "untracked": true }] """, "a cache")]
    [InlineData(""" "dependencies": [{ "id": 1 }, { "artifacts_file": {} }, { "artifacts_file": "x" }, { "artifacts_file": { "filename": "" } }] """, "")]
    [InlineData(""" "artifacts": {}, "cache": "x", "dependencies": 7 """, "")]
    [InlineData(""" "artifacts": [{ "paths": ["a"] }], "cache": [{ "paths": ["a"] }], "dependencies": [{ "artifacts_file": { "filename": "a" } }] """, "artifacts, a cache and artifacts of earlier jobs")]
    public void Which_files_gitlab_runner_moves_is_known(string sections, string names) =>
        Parse(sections.Length == 0 ? Full : Full.Replace("\"services\": []", sections, StringComparison.Ordinal)).Files.Names.Should().Be(names);

    [Theory]
    [InlineData("""[{ "name": "postgres:16", "alias": "db" }, { "name": "redis" }]""", "postgres:16,redis")]
    [InlineData("""[{ "alias": "db" }, "redis", null, { "name": 7 }]""", "")]
    [InlineData("{}", "")]
    public void The_names_of_services_are_read(string services, string expected) =>
        string.Join(',', Parse($$"""{ "id": 1, "services": {{services}} }""").Services).Should().Be(expected);

    [Fact]
    public void A_response_of_an_older_runner_with_only_an_id_will_do()
    {
        var job = Parse("""{ "id": 1 }""");

        job.Image.Should().BeNull();
        job.ProjectPath.Should().BeNull();
        job.Timeout.Should().Be(TimeSpan.FromHours(1));
        job.Server.Should().Be("unknown-server");
    }

    [Theory]
    [InlineData("$IMG", "debian")]
    [InlineData("${IMG}-12", "debian-12")]
    [InlineData("$OUTER", "x-debian")]
    [InlineData("$NONE", "")]
    [InlineData("$LOOP", "$LOOP")]
    [InlineData("a$", "a$")]
    public void Variables_in_the_image_are_expanded_as_the_runner_does(string image, string expected)
    {
        var json = $$"""
            { "id": 1, "image": { "name": "{{image}}" }, "variables": [
              { "key": "IMG", "value": "debian" }, { "key": "OUTER", "value": "x-$IMG" }, { "key": "LOOP", "value": "$LOOP" } ] }
            """;

        Parse(json).Image.Should().Be(expected);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData("\"true\"", null)]
    [InlineData("null", null)]
    public void A_protected_ref_is_believed_only_in_plain_words(string value, bool? expected) =>
        Parse($$"""{ "id": 1, "git_info": { "protected": {{value}} } }""").ProtectedRef.Should().Be(expected);

    [Fact]
    public void An_untold_fact_of_a_ref_is_unknown() => Parse("""{ "id": 1, "git_info": {} }""").ProtectedRef.Should().BeNull();

    [Fact]
    public void Sizes_are_read_from_the_variables_and_expanded()
    {
        var job = Parse("""
            { "id": 1, "variables": [
              { "key": "VM_CPUS", "value": "1" }, { "key": "VM_CPUS", "value": "$N" }, { "key": "N", "value": "4" },
              { "key": "VM_MEMORY", "value": "${N}GiB" }, { "key": "VM_DISK", "value": "$NONE" } ] }
            """);

        job.Sizes.Should().Be(new RequestedSizes { Cpus = "4", Memory = "4GiB", Disk = null });
    }

    /// <summary>The runner's own job that tries the executor (boot verify) has Go's zero values where a server says something.</summary>
    [Theory]
    [InlineData("""{"id":0,"token":"","job_info":{"name":"","project_id":0,"project_full_path":""},"git_info":{"repo_url":"","protected":null},"runner_info":{"timeout":0},"variables":null,"services":null,"image":{"name":""}}""")]
    [InlineData("""{"id":0}""")]
    [InlineData("""{"id":0,"job_info":null,"git_info":null,"image":null,"variables":[]}""")]
    public void A_job_without_a_server_and_a_project_is_a_job(string content)
    {
        var job = Parse(content);

        job.Should().Match<Job>(one => one.Id == 0 && one.ProjectPath == null && one.Image == null && one.ProtectedRef == null && one.Timeout == TimeSpan.FromHours(1));
        JobKey.TryParse(job.Key.Value, out var again).Should().BeTrue();
        again.Should().Be(job.Key);
    }

    [Fact]
    public void An_empty_address_of_the_repository_is_no_address()
    {
        var job = Parse("""{"id":7,"git_info":{"repo_url":""},"variables":[{"key":"CI_SERVER_URL","value":"https://gitlab.example.com"}]}""");

        job.Server.Should().Be("https://gitlab.example.com");
    }

    [Theory]
    [InlineData("""{"id":7,"run":[{"name":"a","script":"true"}]}""", true)]
    [InlineData("""{"id":7,"run":"[{\"name\":\"a\"}]"}""", true)]
    [InlineData("""{"id":7,"run":[]}""", false)]
    [InlineData("""{"id":7,"run":""}""", false)]
    [InlineData("""{"id":7,"run":null}""", false)]
    [InlineData("""{"id":7,"run":5}""", false)]
    [InlineData("""{"id":7}""", false)]
    public void Steps_are_known_as_the_server_sends_and_as_the_runner_writes_them(string content, bool hasSteps) => Parse(content).HasSteps.Should().Be(hasSteps);

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("{", "not JSON")]
    [InlineData("<html>", "not JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("null", "not a JSON object")]
    [InlineData("{}", "no job 'id' that is a number")]
    [InlineData("""{"id":"7"}""", "no job 'id' that is a number")]
    [InlineData("""{"id":-7}""", "no job 'id' that is a number")]
    [InlineData("""{"id":1e30}""", "no job 'id' that is a number")]
    public void A_file_that_is_no_job_response_is_a_system_failure_that_says_why(string content, string why)
    {
        var parse = () => Parse(content);

        var failure = parse.Should().Throw<SystemFailureException>().WithMessage($"*{why}*").Which;
        failure.Code.Should().Be(ErrorCodes.JobResponseUnusable);
        failure.Hint.Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("""{ "id": 1, "image": "debian", "git_info": [], "runner_info": 7, "job_info": null, "variables": {} }""")]
    [InlineData("""{ "id": 1, "image": { "name": 5 }, "git_info": { "repo_url": "::" }, "runner_info": { "timeout": -1 }, "variables": [ 1, { "key": 2 } ] }""")]
    public void Parts_of_a_wrong_type_count_as_absent(string json)
    {
        var job = Parse(json);

        job.Image.Should().BeNull();
        job.Timeout.Should().Be(TimeSpan.FromHours(1));
        job.Server.Should().Be("unknown-server");
    }

    [Fact]
    public void Nesting_without_end_is_refused_not_followed()
    {
        var parse = () => Parse($"{{\"id\":1,\"a\":{new string('[', 100_000)}");

        parse.Should().Throw<SystemFailureException>();
    }

    [Fact]
    public void Invalid_UTF8_is_a_failure_with_a_code()
    {
        byte[] json = [.. "{\"id\":1,\"image\":{\"name\":\""u8, 0xC3, 0x28, .. "\"}}"u8];

        var parse = () => JobResponse.Parse(json, "token");

        parse.Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.JobResponseUnusable);
    }

    private static Job Parse(string json) => JobResponse.Parse(Encoding.UTF8.GetBytes(json), "token");
}
