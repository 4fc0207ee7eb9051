using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Drivers;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>
/// A runner of its own for one test: its token, its configuration and state directory, and the check at the end that
/// nothing is left.
/// </summary>
internal sealed class Bench : IAsyncDisposable
{
    private static readonly string[] LibvirtDirectories =
        ["/run/libvirt/qemu", "/run/libvirt/qemu/swtpm", "/var/lib/libvirt/qemu", "/var/lib/libvirt/qemu/nvram", "/var/log/libvirt/qemu", "/var/log/swtpm/libvirt/qemu"];

    private const string TpmStates = "/var/lib/libvirt/swtpm";


    private readonly TestMachine _machine;
    private readonly string _directory;
    private readonly string _runnerDirectory;
    private readonly BenchUser? _user;
    private readonly IsolatedLibvirt? _libvirt;
    private readonly WarmImages? _warm;
    private string _path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    // The tests' servers are on this host's loopback.
    private const string OpenHost = "firewall: {allow: ['127.0.0.0/8:1-65535']}\n";

    private readonly List<RunningJob> _jobs = [];
    private readonly List<JobSession> _sessions = [];

    /// <summary>
    /// <paramref name="user"/> runs the runner; null: root does. <paramref name="libvirt"/> serves it; null: the machine's own does. With both, the user's session daemon serves it, in
    /// the namespaces of the other.
    /// <paramref name="warm"/>: all its jobs wake up from this template, or the test fails; null: they boot, unless the test makes templates itself.
    /// </summary>
    public Bench(TestMachine machine, BenchUser? user = null, IsolatedLibvirt? libvirt = null, WarmImages? warm = null)
    {
        _machine = machine;
        _warm = warm;
        _user = user;
        _libvirt = libvirt;
        Token = $"e2e{Random.Shared.Next(0x1000000):x6}";
        _directory = user is null ? Path.Combine(machine.Root, Token) : Path.Combine(user.Home, Token);
        _runnerDirectory = MakeDirectory("tmp");
        MakeDirectory("config/images");
        StateDirectory = MakeDirectory("state");
        File.WriteAllText(ConfigurationFile, Configuration);
        Leftovers = new Leftovers(
            Token,
            StateDirectory,
            user?.Virsh ?? libvirt?.Virsh ?? ["virsh", "-c", "qemu:///system"],
            user?.LibvirtDirectories ?? libvirt?.LibvirtDirectories ?? LibvirtDirectories,
            user is null && libvirt is null ? TpmStates : null);
    }

    /// <summary>The runner's short token: in every clone's name.</summary>
    public string Token { get; }

    public string StateDirectory { get; }

    public Leftovers Leftovers { get; }

    /// <summary>The environment in which an administrator's shell has the driver and this bench's configuration.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["PATH"] = $"{Path.GetDirectoryName(_machine.Driver.Program)}:{_path}",
        ["VM_EXECUTOR_CONFIG"] = ConfigurationFile,
    };

    private string Configuration => $"state_dir: '{StateDirectory}'\nimages_dir: images\ndefault_image: small\n{OpenHost}";

    private string ConfigurationFile => Path.Combine(_directory, "config/vm-executor.yaml");

    /// <summary>Writes an image's file; by default the test guest under the name <c>small</c>.</summary>
    public Bench With(ImageYaml? image = null)
    {
        var yaml = image ?? new ImageYaml();
        if (_warm is not null)
        {
            yaml = WithTemplate(yaml, _warm);
        }

        File.WriteAllText(Path.Combine(_directory, $"config/images/{yaml.Name}.yaml"), yaml.Write(_machine.Guest));
        return this;
    }

    /// <summary>Writes an image's file as it is.</summary>
    public void WriteImage(string name, string yaml) => File.WriteAllText(ImageFile(name), yaml);

    /// <summary>The path of an image's file.</summary>
    public string ImageFile(string name) => Path.Combine(_directory, $"config/images/{name}.yaml");

    /// <summary>From now on the driver has its own defaults for what guests reach of this host.</summary>
    public void CloseHost() => File.WriteAllText(ConfigurationFile, File.ReadAllText(ConfigurationFile).Replace(OpenHost, "", StringComparison.Ordinal));

    /// <summary>Adds lines to the driver's configuration, which each stage reads anew.</summary>
    public void Configure(string yaml) => File.AppendAllText(ConfigurationFile, yaml);

    /// <summary>Puts these lines in the place of all that were added so far. Stages that read meanwhile see the old file or the new one.</summary>
    public void ConfigureAnew(string yaml)
    {
        var written = ConfigurationFile + ".new";
        File.WriteAllText(written, Configuration + yaml);
        File.Move(written, ConfigurationFile, overwrite: true);
    }

    /// <summary>The runner's PATH begins with this directory from now on.</summary>
    public void PutFirstInPath(string directory) => _path = $"{directory}:{_path}";

    /// <summary>From now on the driver's calls of a tool run this bash script, in which <c>$TOOL</c> is the tool itself.</summary>
    public void Wrap(string tool, string script)
    {
        var directory = MakeDirectory($"wrapped/{tool}");
        WriteProgram(directory, tool, $"#!/bin/bash\nTOOL=/usr/bin/{tool}\n{script}\n");
        PutFirstInPath(directory);
    }

    /// <summary>A script that every user may run.</summary>
    /// <returns>Its path.</returns>
    public static string WriteProgram(string directory, string name, string text)
    {
        var file = Path.Combine(directory, name);
        ProgramFile.Write(file, text);
        return file;
    }

    /// <summary>A command of an administrator, run by the same user as the runner, with this bench's configuration.</summary>
    public Task<(int ExitCode, string Output, string Error)> CommandAsync(params IReadOnlyList<string> arguments)
    {
        IReadOnlyList<string> command = [.. _libvirt?.Inside ?? [], .. _user?.Become ?? [], _machine.Driver.Program, "--config", ConfigurationFile, .. arguments];
        return HostCommand.TryAsync(command[0], [.. command.Skip(1)]);
    }

    /// <summary>The same with further variables in its environment.</summary>
    public Task<(int ExitCode, string Output, string Error)> CommandAsync(IReadOnlyDictionary<string, string> variables, params IReadOnlyList<string> arguments) =>
        CommandAsync(variables, arguments, HostCommand.HangLimit);

    /// <summary>The same for a command that waits for whole systems to boot, or moves a whole image.</summary>
    public Task<(int ExitCode, string Output, string Error)> CommandAsync(IReadOnlyDictionary<string, string> variables, IReadOnlyList<string> arguments, TimeSpan hangLimit)
    {
        IReadOnlyList<string> command = [.. _libvirt?.Inside ?? [], "env", .. variables.Select(pair => $"{pair.Key}={pair.Value}"), _machine.Driver.Program, "--config", ConfigurationFile, .. arguments];
        return HostCommand.TryAsync(command[0], [.. command.Skip(1)], hangLimit);
    }

    /// <summary>The same for a command that waits for whole systems to boot.</summary>
    public Task<(int ExitCode, string Output, string Error)> CommandAsync(IReadOnlyList<string> arguments, TimeSpan hangLimit) =>
        HostCommand.TryAsync(_machine.Driver.Program, ["--config", ConfigurationFile, .. arguments], hangLimit);

    /// <summary>The same, to be ended before it is over.</summary>
    public System.Diagnostics.Process StartCommand(params IReadOnlyList<string> arguments) => StartCommand(new Dictionary<string, string>(), arguments);

    /// <summary>The same with further variables in its environment.</summary>
    public System.Diagnostics.Process StartCommand(IReadOnlyDictionary<string, string> variables, IReadOnlyList<string> arguments) =>
        Start(variables, [_machine.Driver.Program, .. arguments, "--config", ConfigurationFile]);

    /// <summary>The same as the leader of a process group of its own, so that what it starts can be killed together with it.</summary>
    public System.Diagnostics.Process StartGroup(IReadOnlyDictionary<string, string> variables, IReadOnlyList<string> arguments) =>
        Start(variables, ["setsid", _machine.Driver.Program, .. arguments, "--config", ConfigurationFile]); // a child of .NET leads no group, so setsid(1) does not fork

    /// <summary>A whole job.</summary>
    public Task<JobResult> RunJobAsync(SimulatedJob job) => Start(job).Completion;

    /// <summary>A whole job to disturb on its way; aborted at the end if a failing test left it running.</summary>
    public RunningJob Start(SimulatedJob job)
    {
        var running = new SimulatedRunner(Options()).Start(job, CancellationToken.None);
        _jobs.Add(running);
        return running;
    }

    /// <summary>A job to drive stage by stage; cleaned up at the end if a failing test did not.</summary>
    public JobSession Open(SimulatedJob? job = null, Func<RunnerOptions, RunnerOptions>? change = null)
    {
        var session = new SimulatedRunner(change?.Invoke(Options()) ?? Options()).Open(job ?? new SimulatedJob(), CancellationToken.None);
        _sessions.Add(session);
        return session;
    }

    /// <summary>A directory of the bench's for disks and repositories.</summary>
    public string MakeDirectory(string name)
    {
        var path = Path.Combine(_directory, name);
        Directory.CreateDirectory(path);
        _user?.Own(_directory);
        return path;
    }

    /// <summary>Throws if anything is left of this bench's jobs, also after a test that failed for something else; or if one did not wake up that should have.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndJobsAsync();
        var cold = _warm is null ? [] : WarmProof.Cold(StateDirectory);
        var left = await Leftovers.FindAsync();
        if (left.Count > 0)
        {
            await Leftovers.RemoveAsync();
        }

        var temporary = Directory.GetFileSystemEntries(_runnerDirectory);
        Directory.Delete(_directory, recursive: true);
        if (left.Count > 0 || temporary.Length > 0)
        {
            Assert.Fail($"left behind:\n{string.Join('\n', left.Concat(temporary))}");
        }

        if (cold.Count > 0)
        {
            Assert.Fail($"started cold in a warm run:\n{string.Join('\n', cold)}");
        }
    }

    private ImageYaml WithTemplate(ImageYaml image, WarmImages warm)
    {
        if (!image.IsLike(new ImageYaml()))
        {
            throw new InvalidOperationException($"image '{image.Name}' is another machine than the tests' template: [AlwaysCold] says so, and why");
        }

        var images = Path.Combine(StateDirectory, "images");
        if (!Directory.Exists(images))
        {
            Directory.CreateSymbolicLink(images, warm.Directory);
        }

        return image with { IsWarm = true };
    }

    private async Task EndJobsAsync()
    {
        foreach (var job in _jobs)
        {
            job.Abort();
            await Task.WhenAny(job.Completion);
        }

        foreach (var session in _sessions.Where(session => session.IsOpen))
        {
            await session.CleanupAsync();
        }
    }

    private static System.Diagnostics.Process Start(IReadOnlyDictionary<string, string> variables, IReadOnlyList<string> command)
    {
        var start = new System.Diagnostics.ProcessStartInfo(command[0], [.. command.Skip(1)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        variables.ToList().ForEach(variable => start.Environment[variable.Key] = variable.Value);
        return System.Diagnostics.Process.Start(start)!;
    }

    private RunnerOptions Options()
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = _path,
            ["HOME"] = _user?.Home ?? "/root",
            ["USER"] = _user?.Name ?? "root",
            ["LANG"] = "C.UTF-8",
            ["VM_EXECUTOR_CONFIG"] = ConfigurationFile,

            // A machine without GitLab Runner, whatever runs on this one.
            ["VM_EXECUTOR_RUNNER_ROOT"] = Path.Combine(_runnerDirectory, "no-runner"),
        };
        foreach (var (variable, value) in _user?.Environment ?? new Dictionary<string, string>())
        {
            environment[variable] = value;
        }

        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } dotnet)
        {
            environment["DOTNET_ROOT"] = dotnet;
        }

        var options = RunnerOptions.ForEntryPoints(_machine.Driver.Directory, environment, _runnerDirectory) with
        {
            ShortToken = Token,
            GracefulKillTimeout = TimeSpan.FromSeconds(60),
        };
        var own = _user?.RunAs(options) ?? options;
        return _libvirt?.Enter(own) ?? own;
    }
}
