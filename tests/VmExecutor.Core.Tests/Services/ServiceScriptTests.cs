using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Services;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Core.Tests.Services;

/// <summary>The text's shape only: it is carried out in guests (end-to-end tests), and in a namespace of its own (Host tests).</summary>
public sealed class ServiceScriptTests
{
    /// <summary>Words that a job may write, with all that a shell takes for its own, and the places of the text itself.</summary>
    private const string Hostile = "it's $(id) `id` \\\" \\n @services @login *";

    [Theory]
    [InlineData("sh")]
    [InlineData("bash")]
    public void Shells_can_read_the_text_whatever_the_job_says(string shell)
    {
        using var process = Process.Start(new ProcessStartInfo(shell, ["-n"]) { RedirectStandardInput = true, RedirectStandardError = true })!;
        process.StandardInput.Write(Text(new ServiceSettings { Engine = ServiceEngine.Docker, Privileged = true }));
        process.StandardInput.Close();

        process.StandardError.ReadToEnd().Should().BeEmpty();
    }

    [Fact]
    public void Nothing_is_done_by_a_text_that_was_cut_short()
    {
        var text = Text(new ServiceSettings());

        text.Should().StartWith("services() {\n").And.EndWith("\n}\nservices </dev/null\n");
        text.Split('\n').Should().OnlyContain(line => line == "" || line[0] == ' ' || line == "services() {" || line == "}" || line == "services </dev/null" || line.EndsWith('\''), "only a job's words begin a line");
    }

    [Fact]
    public void Every_place_for_a_value_is_filled_and_a_jobs_words_are_none()
    {
        var text = Text(new ServiceSettings { Wait = TimeSpan.FromMilliseconds(1500) });

        text.Replace("@services @login", "", StringComparison.Ordinal).Should().NotMatchRegex("@[a-z]").And.Contain("+ 2)").And.Contain("for one in podman docker; do");
        text.Should().Contain("'it'\\''s $(id) `id` \\\" \n @services @login *'", "a word is one word of the shell");
    }

    [Theory]
    [InlineData("login")]
    [InlineData("services")]
    [InlineData("wait")]
    [InlineData("privileged")]
    [InlineData("references")]
    public void An_images_name_that_has_the_word_of_a_place_in_it_stays_as_it_is(string word)
    {
        var image = $"a.example/a@{word}:ab";
        var text = ServiceScript.For(ServicePlanTests.Plan($$"""{ "name": "{{image}}" }"""), new ServiceSettings());

        text.Should().Contain($"references='{image}'\n").And.Contain($"reference='{image}' ");
    }

    [Fact]
    public void A_login_is_in_a_file_and_no_argument()
    {
        var job = JobServices.Read("""{ "id": 1, "services": [{ "name": "a" }], "variables": [{ "key": "DOCKER_AUTH_CONFIG", "value": "{\"auths\": {\"r\": {\"auth\": \"c2VjcmV0\"}}}" }] }"""u8.ToArray());
        var text = ServiceScript.For(ServicePlan.Of(job, ImageDefinition.Blank, RegistryLogins.None, _ => null), new ServiceSettings());

        text.Split('\n').Where(line => line.Contains("c2VjcmV0", StringComparison.Ordinal)).Should().Equal("""  printf %s '{"auths":{"r":{"auth":"c2VjcmV0"}}}' >"$work/config.json" """.TrimEnd());
    }

    [Fact]
    public void An_entry_point_of_several_words_and_variables_of_several_lines_reach_the_engine()
    {
        var text = ServiceScript.For(
            ServicePlanTests.Plan("""{ "name": "a", "entrypoint": ["/init", "-x"], "command": ["go"], "variables": [{ "key": "ONE", "value": "1" }, { "key": "TWO", "value": "a\nb" }, { "key": "=", "value": "" }, { "key": "a b", "value": "" }] }"""),
            new ServiceSettings());

        text.Should().Contain("printf %s 'ONE=1\n' >\"$work/$n.env\"")
            .And.Contain("begin --env-file \"$work/$n.env\" '--env' 'TWO=a\nb' '--entrypoint' '/init' 'docker.io/library/a' '-x' 'go'")
            .And.NotContain("a b=");
    }

    [Fact]
    public void Images_for_a_template_are_fetched_and_none_of_their_programs_runs()
    {
        var image = ImageDefinition.Blank with { Services = new ServiceSettings { Preload = ["postgres:16", "redis", "redis"] } };
        var plan = ServicePlan.Preload(image, RegistryLogins.None);
        var text = ServiceScript.For(plan, image.Services);

        plan.Services.Select(service => service.ToString()).Should().Equal("postgres:16", "redis");
        text.Should().Contain("n=1 reference='docker.io/library/redis' policies='always'\n    get\n    rehearse\n    tell \"$n\" up\n").And.NotContain("begin --env-file");
    }

    [Theory]
    [InlineData("db", 0)]
    [InlineData("POSTGRES", 0)]
    [InlineData("redis", 1)]
    [InlineData("1", 1)]
    public void A_service_is_entered_by_one_of_its_names_or_its_number(string name, int number)
    {
        Started().Enter(new GuestUser("ci"), name, [], terminal: true).Should().Equal("sudo", "-n", "podman", "exec", "-it", $"vmx-service-{number}", "sh");
        Started().Enter(new GuestUser("root"), name, ["id", "-u"], terminal: false).Should().Equal("podman", "exec", "-i", $"vmx-service-{number}", "id", "-u");
    }

    [Fact]
    public void The_last_lines_of_a_service_are_bounded()
    {
        Started().LastLines(new GuestUser("ci"), "redis").Should().Be("'sudo' '-n' 'podman' 'logs' '--tail' '500' 'vmx-service-1' 2>&1 | cut -c 1-1000");
        Started().LastLines(new GuestUser("root"), "db").Should().StartWith("'podman' 'logs' ");
        FluentActions.Invoking(() => Started().LastLines(new GuestUser("ci"), "mysql")).Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.ServiceUnknown);
    }

    [Fact]
    public void A_name_that_no_service_has_is_refused_with_those_there_are() =>
        FluentActions.Invoking(() => Started().Enter(new GuestUser("ci"), "mysql", [], terminal: true)).Should().Throw<SystemFailureException>().Which.Hint.Should().Be("Give one of: db, postgres, redis.");

    [Fact]
    public void Lines_of_services_are_shown_once_each_with_the_mark_of_GitLab()
    {
        var directory = Directory.CreateTempSubdirectory("vmx-services-");
        try
        {
            // The text's own places are exchanged for the test's: the engine, and the directory of the numbers.
            var bin = Path.Combine(directory.FullName, "podman");
            ProgramFile.Write(bin, $"#!/bin/sh\ncat {directory.FullName}/$2.log\n");
            var text = $"PATH={directory.FullName}:$PATH\n{Started().NewLogs().Replace("/run/", $"{directory.FullName}/", StringComparison.Ordinal)}";
            File.WriteAllText(Path.Combine(directory.FullName, "vmx-service-0.log"), "one\ntwo\n");
            File.WriteAllText(Path.Combine(directory.FullName, "vmx-service-1.log"), string.Concat(Enumerable.Repeat("x\n", 600)));

            var first = Run(text);
            first.Should().StartWith("[service:db-postgres] one\n[service:db-postgres] two\n[service:redis] x\n").And.EndWith("[service:redis] ... (100 more lines)\n");
            Run(text).Should().BeEmpty("all of it was shown");
            File.AppendAllText(Path.Combine(directory.FullName, "vmx-service-0.log"), "three\n");
            Run(text).Should().Be("[service:db-postgres] three\n");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static ServicesRecord Started() =>
        ServicesRecord.Of(ServicePlanTests.Plan("""{ "name": "postgres:16", "alias": "db" }, { "name": "redis" }"""), "podman", showLogs: true);

    private static string Run(string text)
    {
        using var process = Process.Start(new ProcessStartInfo("sh") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        process.StandardInput.Write(text);
        process.StandardInput.Close();
        return process.StandardOutput.ReadToEnd();
    }

    private static string Text(ServiceSettings settings)
    {
        var words = System.Text.Json.JsonSerializer.Serialize(Hostile.Replace("\\n", "\n", StringComparison.Ordinal));
        return ServiceScript.For(
            ServicePlanTests.Plan($$"""
                { "name": "a", "entrypoint": [{{words}}], "command": [{{words}}], "variables": [{ "key": "A", "value": {{words}} }], "executor_opts": { "docker": { "platform": {{words}}, "user": {{words}} } } },
                { "name": "b:1", "alias": "one,two" }
                """),
            settings);
    }
}
