using System.Text;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Fuzz.Tests.Engine;

namespace VmExecutor.Fuzz.Tests.Readers;

/// <summary>The readers of what a job's author can write: the job response and the environment.</summary>
internal static class JobReaders
{
    private const string Response =
        """
        {"id":4711,"token":"glcbt-64_abc","allow_git_fetch":true,"job_info":{"name":"unit","stage":"test","project_id":1,"project_full_path":"group/project"},
        "git_info":{"repo_url":"https://gitlab-ci-token:x@gitlab.example.com:8443/group/project.git","ref":"main","protected":true},"runner_info":{"timeout":7200},
        "image":{"name":"base-$VERSION"},"services":[{"name":"postgres:16"}],"variables":[{"key":"SECRET","value":"a long secret","masked":true},{"key":"VERSION","value":"12"},
        {"key":"VM_MEMORY","value":"2GiB"},{"key":"VM_CPUS","value":"${VERSION}"},{"key":"VM_DISK","value":"20GiB"}],"steps":[{"name":"script","script":["echo"],"timeout":3600}],
        "artifacts":[{"paths":["a"],"untracked":true}],"cache":[{"paths":["b"]}],"dependencies":[{"artifacts_file":{"filename":"x.zip"}}],"run":"[]"}
        """;

    private const string WithServices =
        """
        {"id":1,"services":[{"name":"postgres:$VERSION","alias":"db, other","entrypoint":["/init"],"command":["run","a b"],"variables":[{"key":"OWN","value":"${VERSION}\nx","raw":false}],
        "pull_policy":["always","if-not-present"],"executor_opts":{"docker":{"platform":"linux/arm64","user":"dave"}}},{"name":"registry.example.com:5000/group/name@sha256:00","alias":null}],
        "variables":[{"key":"VERSION","value":"16","public":true},{"key":"DOCKER_AUTH_CONFIG","value":"{\"auths\":{\"r\":{\"auth\":\"c2VjcmV0\"}}}"},{"key":"HEALTHCHECK_TCP_PORT","value":"5432","public":true,"file":false}],
        "credentials":[{"type":"registry","url":"r:5050","username":"gitlab-ci-token","password":"x"}]}
        """;

    private static readonly ImageDefinition Base = TestPlan.Image() with { Patterns = ["base-*", "deb?an:[0-9]*"] };

    private static readonly Settings Settings = new()
    {
        File = new AbsolutePath("/etc/vm-executor/vm-executor.yaml"),
        DefaultImage = new ImageName("base"),
        Images = [Base],
    };

    private static readonly MachineSize Source = new(2, ByteSize.FromMebibytes(2048), ByteSize.FromMebibytes(10_240));

    public static IReadOnlyList<Reader> All { get; } =
    [
        Reader.OfBytes(
            "job-response", "the job's author, by names, variables and references", Grammar.Json,
            [Encoding.UTF8.GetBytes(Response)], ReadResponse,
            "Core/Jobs/JobResponse.cs", "Core/Jobs/JobVariables.cs", "Core/Jobs/JobSecrets.cs", "Core/Jobs/VariableReferences.cs") with
        {
            Refuses =
            [
                ErrorCodes.JobResponseUnusable, ErrorCodes.ImageUnknown, ErrorCodes.ImageNotNamed, ErrorCodes.ImageNotAllowed, ErrorCodes.SizeNotUnderstood, ErrorCodes.SizeOutOfRange,
            ],
            Words = ["$VERSION", "${VERSION}", "\"\\ud800\"", "\"id\":1,", "VM_CPUS", "VM_MEMORY", "key", "value"],
        },
        Reader.OfBytes(
            "job-services", "the job's author, by services, variables and logins", Grammar.Json,
            [Encoding.UTF8.GetBytes(WithServices)], ReadServices, "Core/Services/JobServices.cs", "Core/Services/RegistryLogins.cs", "Core/Services/ServicePlan.cs", "Core/Services/ServiceScript.cs") with
        {
            Refuses = [ErrorCodes.JobResponseUnusable, ErrorCodes.ServiceRefused],
            Words = ["$VERSION", "\"\\ud800\"", "{\\\"auths\\\":{", "localhost", "@sha256:", "--privileged", "@services", "@login", "'"],
        },
        Reader.OfText("environment", "the job's author, by variables of any name", Grammar.Lines, [Variables], ReadEnvironment, "Core/Jobs/StageEnvironment.cs", "Core/Jobs/JobKey.cs"),
        Reader.OfText(
            "job-reference", "a person", Grammar.Lines, ["vmx-abc-1-0a1b2c", "abc-1-0a1b2c", "4711"], text => _ = JobChoice.Decide(text, [new JobKey("https://gitlab.example.com", "abc", 1)]),
            "Core/Jobs/JobChoice.cs") with
        {
            Refuses = [ErrorCodes.JobUnknown, ErrorCodes.JobAmbiguous],
        },
        Reader.OfText("values", "the job's author and the administrator", Grammar.Lines, ["2GiB", "1h30m", "base", "/a/b", "group/*", "10 minutes", "sha256:00"], ReadValues, "Core/Values/DurationText.cs"),
    ];

    private const string Variables =
        """
        TMPDIR=/tmp/custom-executor1
        BUILD_FAILURE_EXIT_CODE=1
        SYSTEM_FAILURE_EXIT_CODE=2
        BUILD_EXIT_CODE_FILE=/tmp/x/build_exit_code
        JOB_RESPONSE_FILE=/tmp/x/response.json
        CUSTOM_ENV_CI_RUNNER_SHORT_TOKEN=abc
        CUSTOM_ENV_CI_JOB_STATUS=success
        """;

    private static void ReadResponse(byte[] bytes)
    {
        var job = JobResponse.Parse(bytes, "token");
        _ = (job.Key.Uuid, job.Key.Domain, JobPaths.For(new AbsolutePath("/state"), job.Key).Record, DateTimeOffset.UnixEpoch + job.Timeout);
        _ = (JobVariables.Read(bytes, ["VERSION", "SECRET"]).Values.Count, JobSecrets.Read(bytes).Lines.Count);
        var image = ImageChoice.For(job, Settings);
        SizeChoice.Check(job, image);
        _ = SizeChoice.Decide(job, image, Source, HostShare.Of(8, ByteSize.FromMebibytes(16_384), new LimitSettings()));
    }

    private static void ReadServices(byte[] bytes)
    {
        var job = JobServices.Read(bytes);
        var plan = ServicePlan.Of(job, Base with { Services = new ServiceSettings { Allow = ["post*", "registry.example.com:5000/*"] } }, RegistryLogins.None, _ => null);
        _ = ServiceScript.For(plan, new ServiceSettings()).Length + plan.Services.Sum(service => service.ToString().Length);
    }

    private static void ReadEnvironment(string text)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var parts in text.Split('\n').Select(line => line.Split('=', 2)).Where(parts => parts.Length == 2))
        {
            variables[parts[0]] = parts[1];
        }

        var environment = new StageEnvironment(variables);
        _ = (environment.BuildExitCodeFile, environment.JobResponseFile, environment.TemporaryDirectory, JobResult.Of(environment));
        if (environment.BuildFailureExitCode is < 1 or > 255 || environment.SystemFailureExitCode is < 1 or > 255)
        {
            throw new InvalidOperationException("an exit code that no process has");
        }

        _ = new JobKey("https://gitlab.example.com", environment.RunnerShortToken ?? "", 1).Domain;
    }

    private static void ReadValues(string text)
    {
        _ = (ByteSize.TryParse(text, out var size), DurationText.TryParse(text, out var time), ImageName.TryParse(text, out _), AbsolutePath.TryParse(text, out _), VmName.TryParse(text, out _));
        _ = (size.ToString(), DurationText.Format(time), JobKey.TryParse(text, out _));
        if (Glob.TryParse(text, out var glob))
        {
            _ = glob.Matches("base-12");
        }

        if (ProjectGlob.TryParse(text, out var projects))
        {
            _ = projects.Matches("group/project");
        }
    }
}
