using System.Diagnostics;
using System.Text;
using VmExecutor.Core.Images;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.RunnerSimulator.Drivers;

namespace VmExecutor.Program.Tests;

/// <summary>
/// The built program as a process, with an environment that a test writes in full. The exit codes for failures are none of
/// the usual ones, so that a program that answers 1 or 2 out of habit is caught.
/// </summary>
internal sealed class StageBench : IDisposable
{
    public const int BuildFailure = 71;

    public const int SystemFailure = 72;

    /// <summary>In the job response and in the environment; no output may ever have it.</summary>
    public const string Canary = "glcbt-64_CANARY77aa";

    private static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(1);

    private readonly string _directory = DiskDirectory.Create("vmx-program-");

    public StageBench()
    {
        WorkingDirectory = _directory;
        Environment = new Dictionary<string, string>
        {
            ["PATH"] = "/usr/bin:/bin",
            ["HOME"] = _directory,
            ["TMPDIR"] = _directory,
            ["BUILD_FAILURE_EXIT_CODE"] = $"{BuildFailure}",
            ["SYSTEM_FAILURE_EXIT_CODE"] = $"{SystemFailure}",
            ["BUILD_EXIT_CODE_FILE"] = ExitCodeFile,
            ["JOB_RESPONSE_FILE"] = PathOf("response.json"),
            ["VM_EXECUTOR_CONFIG"] = PathOf("vm-executor.yaml"),
            ["VM_EXECUTOR_RUNNER_ROOT"] = PathOf("runner-root"),
            ["CUSTOM_ENV_CI_RUNNER_SHORT_TOKEN"] = "prgtest",
            ["CUSTOM_ENV_CI_JOB_TOKEN"] = Canary,
            ["CUSTOM_ENV_SECRET"] = Canary,
        };
        if (System.Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } dotnet)
        {
            Environment["DOTNET_ROOT"] = dotnet;
        }

        File.WriteAllBytes(PathOf("base.qcow2"), [.. "QFI"u8, 0xfb, 0, 0, 0, 3]);
        Write("key", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n");
        Write("vm-executor.yaml", $"state_dir: {PathOf("state")}\nimages_dir: images\ndefault_image: small\nlibvirt:\n  uri: test:///default\n");
        WriteImage("small", "bash");
        WriteImage("other", "sh");
        WriteResponse(image: "small");
    }

    public Dictionary<string, string> Environment { get; }

    /// <summary>The program's working directory; the runner runs it in TMPDIR.</summary>
    public string WorkingDirectory { get; set; }

    public string ExitCodeFile => PathOf("build_exit_code");

    public string PathOf(string name) => Path.Combine(_directory, name);

    public StageBench Write(string name, string content)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return this;
    }

    /// <summary>A program that every user may run.</summary>
    public StageBench WriteProgram(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        ProgramFile.Write(PathOf(name), text);
        return this;
    }

    public StageBench WriteResponse(string image) => Write(
        "response.json",
        System.Text.Json.JsonSerializer.Serialize(new
        {
            id = 4711,
            token = Canary,
            job_info = new { name = "unit", project_id = 1, project_full_path = "group/project" },
            git_info = new { repo_url = $"https://gitlab-ci-token:{Canary}@gitlab.example.com/group/project.git" },
            runner_info = new { timeout = 3600 },
            image = new { name = image },
            variables = new[] { new { key = "SECRET", value = Canary } },
        }));

    /// <summary>A generation as publishing leaves it, without disks; it is the current one.</summary>
    public StageBench Publish(string image, int number)
    {
        var record = new GenerationRecord
        {
            Image = image,
            Number = number,
            Published = new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero),
            Driver = "vm-executor test",
            SourceKind = "file",
            Source = "base.qcow2",
            SourceFingerprint = "f",
            Files = [],
            Probe = new ProbeRecord(DateTimeOffset.UtcNow, 1, []),
        };
        return Write($"state/images/{image}/{number}/image.json", record.ToJson())
            .Write($"state/images/{image}/{number}/domain.xml", "<domain type='qemu'><name>base</name><memory unit='MiB'>512</memory><vcpu>2</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os><devices/></domain>")
            .Write($"state/images/{image}/current", $"{number}\n");
    }

    public Task<ProgramExit> RunAsync(params IReadOnlyList<string> arguments) => RunAsync(null, arguments);

    /// <param name="terminate">When done, the program is sent SIGTERM.</param>
    /// <param name="arguments">The program's.</param>
    public Task<ProgramExit> RunAsync(Task? terminate, params IReadOnlyList<string> arguments) => StartAsync(BuiltDriver.BuiltProgram(), arguments, terminate);

    /// <summary>With a signal in place of SIGTERM, also where the tests were started with that signal ignored.</summary>
    /// <param name="happens">When done, the program is sent the signal.</param>
    /// <param name="signal">Its name, as <c>QUIT</c>.</param>
    /// <param name="arguments">The program's.</param>
    public Task<ProgramExit> RunUntilAsync(Task happens, string signal, params IReadOnlyList<string> arguments) =>
        StartAsync("/usr/bin/env", [$"--default-signal={signal}", BuiltDriver.BuiltProgram(), .. arguments], happens, signal);

    /// <summary>After a line of shell, for what no .NET string can be in an environment.</summary>
    public Task<ProgramExit> RunAfterAsync(string shell, params IReadOnlyList<string> arguments) =>
        StartAsync("/bin/sh", ["-c", $"{shell}; exec \"$0\" \"$@\"", BuiltDriver.BuiltProgram(), .. arguments], terminate: null);

    /// <summary>Every file and directory of the bench but those the program may make: what is in the state directory.</summary>
    public IReadOnlyList<string> Entries() =>
    [
        .. Directory.EnumerateFileSystemEntries(_directory, "*", SearchOption.AllDirectories)
            .Where(path => !$"{path}/".StartsWith(PathOf("state/"), StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task<ProgramExit> StartAsync(string program, IReadOnlyList<string> arguments, Task? terminate, string signal = "TERM")
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = WorkingDirectory,
        };
        start.Environment.Clear();
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(HangLimit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            if (terminate is not null)
            {
                await Task.WhenAny(terminate, process.WaitForExitAsync(limit.Token));
                using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
                await kill.WaitForExitAsync(limit.Token);
            }

            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"vm-executor {string.Join(' ', arguments)} did not end in {HangLimit}");
        }

        return new ProgramExit(process.ExitCode, await output, await error);
    }

    private void WriteImage(string name, string shell) => Write(
        $"images/{name}.yaml",
        $"""
        source: file
        file: {PathOf("base.qcow2")}
        format: qcow2
        shell: {shell}
        ssh:
          user: ci
          key: {PathOf("key")}

        """);
}
