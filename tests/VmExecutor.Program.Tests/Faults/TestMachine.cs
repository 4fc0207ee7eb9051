using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Observing;
using VmExecutor.Stages;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>A machine whose libvirt, guests and processes are stand-ins, and stages that work on it.</summary>
internal static class TestMachine
{
    public static Machine Of(Settings settings, IGuestShell guestShell, IHypervisor? hypervisor = null, TimeProvider? time = null, IReadOnlyDictionary<string, string>? variables = null) =>
        new(settings, variables ?? new Dictionary<string, string>(), time ?? TimeProvider.System)
        {
            Hypervisors = new Hypervisors("fake:///", _ => hypervisor ?? throw new InvalidOperationException("this test has no libvirt")),
            GuestShell = guestShell,
            Processes = new FakeJobProcesses(),
        };

    /// <summary>Settings with nothing but a state directory.</summary>
    public static Settings Settings(AbsolutePath state) => new() { File = state.Child("vm-executor.yaml"), StateDir = state, Images = [] };

    public static RunStage RunStage(Machine machine) =>
        new(machine, new StageEnvironment(new Dictionary<string, string>()), new StageReport(TimeProvider.System, () => TextWriter.Null), Stream.Null, Stream.Null);
}
