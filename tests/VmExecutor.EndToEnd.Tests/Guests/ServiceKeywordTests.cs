using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Drivers;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>Each row of the table of GitLab's keywords in docs/services.md, tried by a job with real containers.</summary>
[AlwaysCold("its guest is not the one that the tests' template is of")]
public sealed class ServiceKeywordTests(TestMachine machine, PodmanGuest guest) : BenchTest(machine), IClassFixture<PodmanGuest>
{
    private const int LongHangLimit = 2_400_000;

    private static readonly ServiceCase[] Cases =
    [
        new("`services: [NAME]`, `name`", """[{ "name": "web:1" }, { "name": "$WHICH:7" }]""")
        {
            Variables = [Public("WHICH", "redis")],
            Script = [ServiceClient.Fetch("web"), ServiceClient.Ping("redis"), "sudo podman inspect --format '{{.ImageName}}' vmx-service-0 | grep -x docker.io/library/web:1"],
        },
        new("`alias`", """[{ "name": "web:1", "alias": "a, b c" }]""") { Script = [ServiceClient.Fetch("a"), ServiceClient.Fetch("b"), ServiceClient.Fetch("c")] },
        new("`alias`", """[{ "name": "web:1", "alias": "a" }, { "name": "redis:7", "alias": "a" }]""") { State = JobState.Failed, Log = ["VMX1430: two services have the alias 'a'"] },
        new("names made of the image's (`group/name`: `group__name` and `group-name`)", """[{ "name": "group/web:1" }, { "name": "group/web:1", "alias": "second" }]""")
        {
            Script = [ServiceClient.Fetch("group__web"), ServiceClient.Fetch("group-web"), ServiceClient.Fetch("second"), "test \"$(getent hosts group-web)\" != \"$(getent hosts second)\"", "test \"$(grep -c group-web /etc/hosts)\" = 1"],
        },
        new("`entrypoint`, `command`", """[{ "name": "web:1", "entrypoint": ["sh", "-c"], "command": ["echo \"it's $0 $1\" >/said; exec httpd -f -p 8080 -h /", "one", "two words"] }]""")
        {
            Script = [$"{ServiceClient.Fetch("web", "said")} | grep -x \"it's one two words\""],
        },
        new("`variables`", """[{ "name": "web:1", "variables": [{ "key": "OWN", "value": "of $WHOM" }, { "key": "WHOM", "value": "service" }, { "key": "LINES", "value": "one\ntwo" }] }]""")
        {
            Variables = [Public("WHOM", "job")],
            Script = [$"{ServiceClient.Fetch("web", "env")} >/tmp/env", "grep -x 'OWN=of service' /tmp/env && grep -x WHOM=service /tmp/env && grep -x LINES=one /tmp/env && grep -x two /tmp/env"],
        },
        new("the job's own variables", """[{ "name": "web:1" }]""")
        {
            Variables = [Public("SHOWN", "$WHOM's"), Public("WHOM", "job"), new JobVariable("SECRET", "s3cret-value"), new JobVariable("FILE", "f1le-value") { Public = true, File = true }],
            Script = [$"{ServiceClient.Fetch("web", "env")} >/tmp/env", "grep -x \"SHOWN=job's\" /tmp/env", "if grep -E 's3cret|f1le' /tmp/env; then exit 1; fi"],
        },
        new("`pull_policy`", """[{ "name": "web:1", "pull_policy": ["never"] }, { "name": "group/web:1", "alias": "fetched", "pull_policy": ["never", "if-not-present"] }]""")
        {
            Script = [ServiceClient.Fetch("web"), ServiceClient.Fetch("fetched")],
        },
        new("`pull_policy`", """[{ "name": "group/web:1", "pull_policy": ["never"] }]""") { State = JobState.Failed, Log = ["VMX1432", "the image is not in the guest, and pull_policy is never"] },
        new("`docker: platform`, `docker: user`", """[{ "name": "web:1", "executor_opts": { "docker": { "platform": "linux/amd64", "user": "999:999" } } }]""")
        {
            Script = [ServiceClient.Fetch("web"), "test \"$(sudo podman exec vmx-service-0 id -u)\" = 999"],
        },
        new("`HEALTHCHECK_TCP_PORT`", """[{ "name": "web:1", "command": ["httpd", "-f", "-p", "9000", "-h", "/"], "variables": [{ "key": "HEALTHCHECK_TCP_PORT", "value": "9000" }] }]""")
        {
            Script = [ServiceClient.Fetch("web", "hello", 9000)],
            Log = ["by podman, port 9000"],
        },
        new("`wait_for_services_timeout` (config.toml)", """[{ "name": "web:1", "command": ["sleep", "600"] }]""") { Yaml = "wait: 3s", Log = ["none of its ports was open after 3 s: 8080"] },
        new("`allowed_services` (config.toml)", """[{ "name": "web:1" }]""") { Yaml = "allow: ['redis:*']", State = JobState.Failed, Log = ["VMX1430: service 'web:1' is not allowed with image 'debian-podman'"] },
        new("`services` of config.toml (`[[runners.docker.services]]`)", "[]") { Script = ["test -z \"$(sudo podman ps --all --quiet)\""] },
        new("services that reach each other (`FF_NETWORK_PER_BUILD`)", """[{ "name": "web:1" }, { "name": "web:1", "alias": "second" }]""")
        {
            Script = ["sudo podman exec vmx-service-0 wget -q -O - http://second:8080/hello | grep -x hello", "sudo podman exec vmx-service-1 wget -q -O - http://web:8080/hello | grep -x hello"],
        },
        new("`CI_DEBUG_SERVICES: \"true\"`", """[{ "name": "web:1", "alias": "w", "variables": [{ "key": "PRINTED", "value": "by-web" }] }]""")
        {
            Variables = [Public("CI_DEBUG_SERVICES", "true")],
            Log = ["[service:w-web] PRINTED=by-web"],
        },
        new("the directory `/builds` in the service", """[{ "name": "web:1" }]""") { Script = ["if sudo podman exec vmx-service-0 test -e /builds; then exit 1; fi"] },
        new("`kubernetes: …`", """[{ "name": "web:1", "executor_opts": { "kubernetes": { "user": "999" } } }]""") { Script = ["test \"$(sudo podman exec vmx-service-0 id -u)\" = 0"] },
    ];

    public static TheoryData<int, string> Rows { get; } = new(Cases.Select((one, number) => (number, one.Row)));

    /// <summary>The keywords of the cases.</summary>
    public static IEnumerable<string> Tried => Cases.Select(one => one.Row);

    [Theory(Explicit = true, Timeout = LongHangLimit)]
    [MemberData(nameof(Rows))]
    public async Task A_job_gets_of_each_keyword_what_the_page_says(int number, string row)
    {
        var (one, id) = (Cases[number], 1760 + number);
        one.Row.Should().Be(row);
        await guest.GiveToAsync(Bench, warm: true, one.Yaml is null ? [] : [one.Yaml]);

        var result = await Bench.RunJobAsync(new SimulatedJob { Id = id, Image = "debian-podman", Services = one.Services, Variables = one.Variables, Script = one.Script });

        result.State.Should().Be(one.State, result.ToString());
        result.TraceText.Should().ContainAll(one.Log.Append("debian-podman"));
    }

    private static JobVariable Public(string name, string value) => new(name, value) { Public = true };

    /// <param name="Row">The keyword as the page has it.</param>
    /// <param name="Services">The job's, as GitLab's JSON.</param>
    private sealed record ServiceCase(string Row, string Services)
    {
        public IReadOnlyList<JobVariable> Variables { get; init; } = [];

        public IReadOnlyList<string> Script { get; init; } = ["true"];

        /// <summary>A further key of <c>services:</c> in the image's YAML.</summary>
        public string? Yaml { get; init; }

        public JobState State { get; init; } = JobState.Success;

        /// <summary>Parts of the job log.</summary>
        public IReadOnlyList<string> Log { get; init; } = [];
    }
}

public sealed class ServiceKeywordPageTests
{
    [Fact]
    public void Each_row_of_the_page_is_tried_and_there_is_no_case_without_a_row()
    {
        var page = File.ReadAllText(Path.Combine(BuiltDriver.Checkout(), "docs/services.md"));
        var table = page.Split("\n## The keywords\n", 2)[1].Split("\n## ", 2)[0];
        var rows = table.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split(" | ")[0][2..]).Where(cell => cell != "keyword").ToList();

        rows.Should().HaveCountGreaterThan(10).And.BeEquivalentTo(ServiceKeywordTests.Tried.Distinct());
    }
}
