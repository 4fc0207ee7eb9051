using System.Text;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using Xunit;

namespace VmExecutor.Core.Tests.Jobs;

public sealed class JobSecretsTests
{
    [Fact]
    public void Tokens_masked_values_and_files_are_secrets_line_by_line_and_the_rest_is_not() =>
        Read("""
            {"id": 1, "token": "glcbt-64_abc", "variables": [
              {"key": "CI_PROJECT_NAME", "value": "my-project-name", "public": true},
              {"key": "CI_COMMIT_SHA", "value": "0123456789abcdef"},
              {"key": "DEPLOY_KEY", "value": "-----BEGIN KEY-----\r\nline of the key\n\n", "file": true},
              {"key": "PASS", "value": "hunter2hunter2", "masked": true},
              {"key": "CI_REGISTRY_PASSWORD", "value": "glcbt-64_abc"},
              {"key": "MY_TOKEN", "value": "another-token"},
              {"key": "SHORT", "value": "abc", "masked": true},
              {"key": "NUMBER_TOKEN", "value": 12345678}, "nonsense", {"value": "nobody-knows", "masked": 1}]}
            """).Should().BeEquivalentTo("glcbt-64_abc", "-----BEGIN KEY-----", "line of the key", "hunter2hunter2", "another-token");

    [Theory]
    [InlineData("PGPASSWORD", "neither-masked")]
    [InlineData("AWS_SECRET_ACCESS_KEY", "neither-masked")]
    [InlineData("db_pass", "neither-masked")]
    [InlineData("DEPLOY_TOKEN_2", "neither-masked")]
    [InlineData("CI_JOB_JWT_V2", "neither-masked")]
    [InlineData("ADDRESS", "https://me:neither-masked@example.com/")]
    [InlineData("X", "glpat-neither_masked_0123")]
    [InlineData("VAULT_ID", "eyJhbGciOi.eyJzdWIi.signature")]
    public void A_variable_that_neither_is_masked_nor_a_file_is_a_secret_by_its_name_or_the_form_of_its_value(string name, string value) =>
        Read($$"""{"variables": [{"key": "{{name}}", "value": "{{value}}", "masked": false}]}""").Should().Equal(value);

    [Theory]
    [InlineData("CI_COMMIT_AUTHOR", "A. Person <a@example.com>")]
    [InlineData("CI_COMMIT_MESSAGE", "Describe the change\\n\\nin several lines")]
    [InlineData("CI_PROJECT_URL", "https://gitlab.example.com/group/project")]
    [InlineData("KEYBOARD", "a-long-layout")]
    [InlineData("GIT_STRATEGY", "fetch-or-clone")]
    public void A_variable_that_only_resembles_one_is_none(string name, string value) =>
        Read($$"""{"variables": [{"key": "{{name}}", "value": "{{value}}"}]}""").Should().BeEmpty();

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"token": 1, "variables": {}}""")]
    public void A_response_without_secrets_has_none(string response) => Read(response).Should().BeEmpty();

    [Fact]
    public void Nothing_prints_them() =>
        JobSecrets.Read("""{"token": "glcbt-64_abc"}"""u8.ToArray()).ToString().Should().Be("1 line");

    [Fact]
    public void A_text_that_is_no_response_is_a_failure_that_quotes_none_of_it()
    {
        var read = () => Read("""{"token": "glcbt-64_abc" """);

        read.Should().Throw<SystemFailureException>().Which.Message.Should().NotContain("glcbt");
    }

    private static IReadOnlyList<string> Read(string response) => JobSecrets.Read(Encoding.UTF8.GetBytes(response)).Lines;
}
