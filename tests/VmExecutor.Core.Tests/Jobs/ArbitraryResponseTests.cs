using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Tests.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Jobs;

/// <summary>Whatever the job response holds: it is a job, or a failure that says nothing of what is in the document.</summary>
public sealed class ArbitraryResponseTests
{
    private const string Canary = "glcbt-64_CANARY5c1e";

    private const string Real =
        $$"""
        {
          "id": 4711, "token": "{{Canary}}", "allow_git_fetch": true,
          "job_info": { "name": "te\u00dft {{Canary}}", "stage": "test", "project_id": 1, "project_full_path": "group/project" },
          "git_info": { "repo_url": "https://gitlab-ci-token:{{Canary}}@gitlab.example.com:8443/group/project.git", "ref": "main" },
          "runner_info": { "timeout": 7200 },
          "image": { "name": "debian-$VERSION" },
          "variables": [ { "key": "SECRET", "value": "{{Canary}}", "masked": true }, { "key": "VERSION", "value": "12" } ],
          "steps": [ { "name": "script", "script": ["echo {{Canary}}"], "timeout": 3600 } ], "services": []
        }
        """;

    private static readonly string[] Keys =
        ["id", "token", "image", "name", "git_info", "repo_url", "job_info", "project_full_path", "runner_info", "timeout", "variables", "key", "value", "protected", "VM_CPUS", Canary];

    [Fact]
    public void Arbitrary_bytes_are_no_job_and_no_other_failure() =>
        ForAny.Value(Gen.ArrayOf(Gen.Choose(0, 255).Select(value => (byte)value)), bytes => Read([.. bytes, .. Encoding.UTF8.GetBytes(Canary)]));

    [Fact]
    public void A_response_cut_at_any_byte_is_a_failure_that_shows_nothing_of_it()
    {
        var whole = Encoding.UTF8.GetBytes(Real);

        Read(whole).Should().NotBeNull();
        for (var length = 0; length < whole.Length; length++)
        {
            Read(whole[..length]).Should().BeNull();
        }
    }

    [Fact]
    public void A_response_with_any_byte_replaced_is_read_or_refused_and_shows_nothing_of_it() =>
        ForAny.Value(
            from at in Gen.Choose(0, Real.Length - 1)
            from value in Gen.Choose(0, 255)
            select (At: at, Value: (byte)value),
            change =>
            {
                var bytes = Encoding.UTF8.GetBytes(Real);
                bytes[change.At] = change.Value;
                Read(bytes);
            });

    [Fact]
    public void Parts_of_any_type_in_any_place_are_read_or_refused() =>
        ForAny.Value(Json(4), json => Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void A_response_whose_parts_are_of_any_type_is_a_job_with_a_time_that_can_be_added_to_a_date() =>
        ForAny.Value(
            from part in Gen.Elements("job_info", "git_info", "runner_info", "image", "variables")
            from json in Json(3)
            select (Part: part, Json: json),
            given =>
            {
                var job = Read(Encoding.UTF8.GetBytes($$"""{ "id": 7, "{{given.Part}}": {{given.Json}} }"""));

                (job is null || DateTimeOffset.UnixEpoch + job.Timeout > DateTimeOffset.UnixEpoch).Should().BeTrue();
            });

    [Fact]
    public void Any_timeout_that_is_a_number_gives_a_time_that_is_over_some_day() =>
        ForAny.Value(
            Gen.Elements("0", "-1", "1", "3600", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "1e400", "-1e400", "1.5", "1e3", "0.0000001"),
            number =>
            {
                var job = Read(Encoding.UTF8.GetBytes($$"""{ "id": 7, "runner_info": { "timeout": {{number}} } }"""))!;

                job.Timeout.Should().BePositive();
                (TestPlan.Now + job.Timeout).Year.Should().BeLessThan(2200);
            });

    [Fact]
    public void Any_text_of_the_job_is_kept_as_it_is_or_the_response_is_refused() =>
        ForAny.Value(Gen.OneOf(HostileText.Decoded, HostileText.Decoded.Select(text => $"https://{text}/x.git")), text =>
        {
            var job = Read(Encoding.UTF8.GetBytes(new JsonObject
            {
                ["id"] = 7,
                ["job_info"] = new JsonObject { ["project_full_path"] = text },
                ["git_info"] = new JsonObject { ["repo_url"] = text },
            }.ToJsonString()))!;

            job.ProjectPath.Should().Be(text.Length == 0 ? null : text, "an empty path is none");
            job.Server.Should().NotContainAny("\n", "\r", "\0", "\u001b");
        });

    [Fact]
    public void Of_a_key_given_twice_the_last_counts() => Read("""{ "id": 1, "id": 2 }"""u8.ToArray())!.Id.Should().Be(2);

    [Theory]
    [InlineData("""{ "id": 1, "\ud800": 1 }""")]
    [InlineData("""{ "id": 1, "image": { "name": "\ud800" } }""")]
    [InlineData("""{ "id": 1, "variables": [{ "key": "A", "value": "\udc00" }] }""")]
    public void Half_a_surrogate_pair_is_no_text_of_a_job(string json) => Read(Encoding.UTF8.GetBytes(json)).Should().BeNull();

    private static Job? Read(byte[] utf8)
    {
        try
        {
            return JobResponse.Parse(utf8, "token");
        }
        catch (SystemFailureException failure)
        {
            failure.Code.Should().Be(ErrorCodes.JobResponseUnusable);
            (failure.Message + failure.Hint).Should().NotContain(Canary).And.NotContain("CANARY").And.MatchRegex(@"\A[ -~]+\z");
            return null;
        }
    }

    /// <summary>JSON text; halves of surrogate pairs, which JSON can write and .NET cannot read, included.</summary>
    private static Gen<string> Json(int depth)
    {
        var text = Gen.OneOf(
            HostileText.Any.Select(value => JsonSerializer.Serialize(value)), Gen.Elements("\"\\ud800\"", "\"\\udc00x\"", $"\"{Canary}\""));
        var scalar = Gen.OneOf(
            text, Gen.Elements("null", "true", "false", "0", "-1", "1", "4711", "1.5", "1e400", "9223372036854775807", "9223372036854775808", "-0"));
        if (depth == 0)
        {
            return scalar;
        }

        var inner = Json(depth - 1);
        var key = Gen.OneOf(Gen.Elements(Keys).Select(name => $"\"{name}\""), text);
        return Gen.OneOf(
            scalar,
            inner.ListOf().Select(items => $"[{string.Join(',', items)}]"),
            key.SelectMany(_ => inner, (name, value) => $"{name}: {value}").ListOf().Select(members => $"{{{string.Join(',', members)}}}"));
    }
}
