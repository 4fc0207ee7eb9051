using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

[assembly: AssemblyFixture(typeof(TestMachine))]

namespace VmExecutor.EndToEnd.Tests.Benches;

/// <summary>The parts that all tests share: the host with libvirt and QEMU, the test guest, one copy of the driver.</summary>
public sealed class TestMachine : IAsyncLifetime
{
    /// <summary>Names the directory of the test guest; tests/run sets it.</summary>
    private const string GuestVariable = "VM_EXECUTOR_TEST_GUEST";

    private const UnixFileMode Traversable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly string[] Tools = ["virsh", "qemu-img", "ssh", "git", "ps", "ss", "setpriv", "mke2fs", "useradd", "xorrisofs"];

    private readonly Lock _making = new();
    private IReadOnlyList<string> _missing = [];
    private Task<WarmImages>? _warmImages;
    private BuiltDriver? _driver;

    /// <summary>A directory that QEMU's user can reach: everything of the tests is below.</summary>
    internal string Root { get; } = $"/var/tmp/vmx-e2e-{Path.GetRandomFileName()[..6]}";

    internal BuiltDriver Driver => _driver ?? throw new InvalidOperationException("the prerequisites are missing");

    internal TestGuest Guest { get; } = new(GuestDirectory());

    public async ValueTask InitializeAsync()
    {
        // Commands are started with the tests' own environment: they see a machine without GitLab Runner, whatever runs on this one.
        Environment.SetEnvironmentVariable("VM_EXECUTOR_RUNNER_ROOT", Path.Combine(Root, "no-runner"));
        _missing = await MissingAsync();
        Directory.CreateDirectory(Root, Traversable);
        File.SetUnixFileMode(Root, Traversable);
        if (IsComplete)
        {
            _driver = BuiltDriver.CopyTo(Path.Combine(Root, "driver"));
        }
    }

    /// <summary>Throws if any of the tests' clones has changed the template that they shared.</summary>
    public async ValueTask DisposeAsync()
    {
        var changed = _warmImages is { IsCompletedSuccessfully: true } ? await ChangedAsync(await _warmImages) : [];
        Directory.Delete(Root, recursive: true);
        if (changed.Count > 0)
        {
            Assert.Fail($"the template was changed by its clones; before they were:\n{string.Join('\n', changed)}");
        }
    }

    /// <summary>The images of tests whose VMs wake up; made when the first test wants them.</summary>
    internal Task<WarmImages> WarmImagesAsync()
    {
        lock (_making)
        {
            return _warmImages ??= WarmImages.MakeAsync(Driver.Program, Guest, Directory.CreateDirectory(Path.Combine(Root, "warm")).FullName);
        }
    }

    internal bool IsComplete => _missing.Count == 0;

    /// <summary>Skips the test on a laptop where something is missing; in CI that is a failure.</summary>
    /// <param name="besides">What is missing of what only this test needs.</param>
    internal void Require(params IReadOnlyList<string> besides)
    {
        IReadOnlyList<string> missing = [.. _missing, .. besides];
        if (missing.Count == 0)
        {
            return;
        }

        var reason = $"missing: {string.Join("; ", missing)}. Let tests/run set the machine up.";
        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
    }

    private static async Task<IReadOnlyList<string>> ChangedAsync(WarmImages images) =>
        [.. images.Fingerprints.Except(await images.FingerprintsAsync())];

    private async Task<IReadOnlyList<string>> MissingAsync()
    {
        List<string> missing = [.. BuiltDriver.Missing(), .. Guest.Missing()];
        foreach (var tool in Tools)
        {
            if ((await HostCommand.TryAsync("which", tool)).ExitCode != 0)
            {
                missing.Add($"the command {tool}");
            }
        }

        if (!Environment.IsPrivilegedProcess)
        {
            missing.Add("root, for qemu:///system and for a user of the tests' own");
        }

        var (exitCode, _, error) = await HostCommand.TryAsync("virsh", "-c", "qemu:///system", "version");
        if (exitCode != 0)
        {
            missing.Add($"a libvirt that answers at qemu:///system ({error.Trim()})");
        }

        return missing;
    }

    private static string GuestDirectory()
    {
        if (Environment.GetEnvironmentVariable(GuestVariable) is { Length: > 0 } named)
        {
            return named;
        }

        var cache = Environment.GetEnvironmentVariable("VM_EXECUTOR_CACHE") is { Length: > 0 } given
            ? given
            : Environment.IsPrivilegedProcess
                ? "/var/cache/vm-executor"
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache/vm-executor");
        return Path.Combine(cache, "guest/latest");
    }
}
