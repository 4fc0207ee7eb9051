using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>
/// Attacks on a job's clone, on its image and on the host as the user of another clone's QEMU, as a QEMU that its guest has taken over
/// could make them. The same attack is then made by the
/// user whose things these are: the clone's own user, or root.
/// </summary>
[AlwaysWarm]
public sealed class VmUserAttackTests(TestMachine machine) : WarmTest(machine)
{
    private const int Victim = 1621;
    private const int Attacker = 1622;

    // The program is short enough for a shell's argument: trace a process, read another's memory by the system call made for it, connect
    // to a unix socket.
    private const string Python = """
        import ctypes, socket, sys
        libc = ctypes.CDLL(None, use_errno=True)
        what, where = sys.argv[1], sys.argv[2]
        if what == 'trace':
            sys.exit(0 if libc.ptrace(ctypes.c_long(16), ctypes.c_long(int(where)), None, None) == 0 else 1)
        if what == 'connect':
            socket.socket(socket.AF_UNIX).connect(where)
        """;

    private enum Owner
    {
        Vm,
        Root,
    }

    [Fact(Timeout = HangLimit)]
    public async Task The_user_of_one_clone_reaches_nothing_of_another_clone_nor_of_the_host()
    {
        Bench.With(new ImageYaml { WarmLimit = "120s" });
        var sessions = new[] { await PrepareAsync(Victim), await PrepareAsync(Attacker) };
        var (own, other) = (await UserOfAsync(Victim), await UserOfAsync(Attacker));
        own.Should().StartWith("vm-executor-g").And.NotBe(other);
        var helper = Path.Combine(Bench.MakeDirectory("attack"), "attack.py");
        await File.WriteAllTextAsync(helper, Python, TestContext.Current.CancellationToken);

        var scorecard = new Scorecard();
        foreach (var (name, script, owner) in await AttacksAsync(helper, Path.Combine(sessions[0].TempDirectory!, "response.json")))
        {
            var (held, control) = (await AsAsync(other, script) != 0, await AsAsync(owner == Owner.Vm ? own : "root", script) == 0);
            scorecard.Note(name, held, control, script);
        }

        await TrySpoilingATemplateAsync(scorecard, other);
        scorecard.ShouldBeGreen();
        foreach (var session in sessions)
        {
            (await SaysAsync(session, "echo still-$((1+1))")).Should().Be("still-2\n", "the attacks have done nothing to the clones");
        }

        await CleanUpAsync(sessions);

        // A cleanup on a busy host has no time for more than its own job.
        (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>Each with its name, a shell text, and the user who can. Files are opened for writing and not written to.</summary>
    private async Task<IReadOnlyList<(string Name, string Script, Owner Owner)>> AttacksAsync(string helper, string response)
    {
        var (directory, pid) = (JobDirectory(Victim), await PidOfAsync(Victim));
        var number = (await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "domid", Domain(Victim))).Trim();
        var secrets = Directory.GetDirectories("/var/lib/libvirt/qemu", $"domain-{number}-*").Should().ContainSingle().Which;
        var generation = Path.GetDirectoryName(Path.GetDirectoryName((await Machine.WarmImagesAsync()).Template))!;
        var template = (await Machine.WarmImagesAsync()).Template;
        return
        [
            ("other-overlay-read", $"head -c 1 '{directory}/vda.qcow2'", Owner.Vm),
            ("other-overlay-written", $": >> '{directory}/vda.qcow2'", Owner.Vm),
            ("other-directory-listed", $"ls '{directory}'", Owner.Root),
            ("other-directory-file-made", $"f='{directory}/planted'; touch \"$f\" && rm \"$f\"", Owner.Root),
            ("other-record-read", $"cat '{directory}/job.json'", Owner.Root),
            ("other-record-written", $": >> '{directory}/job.json'", Owner.Root),
            ("other-console-read", $"head -c 1 '{directory}/console.log' && test -r '{directory}/console.log'", Owner.Root),
            ("other-ssh-connection", $"cd '{directory}' && python3 '{helper}' connect ssh.sock", Owner.Root),
            ("other-secret", $"cat '{secrets}/master-key.aes'", Owner.Vm),
            ("other-environment", $"cat /proc/{pid}/environ", Owner.Vm),
            ("other-open-files", $"ls -l /proc/{pid}/fd/0", Owner.Vm),
            ("other-memory", $"a=$(sed -n '/ rw-p .*heap/{{s/-.*//p;q}}' /proc/{pid}/maps) && test -n \"$a\" && dd if=/proc/{pid}/mem bs=4096 count=1 iflag=skip_bytes skip=$((0x$a))", Owner.Vm),
            ("other-traced", $"python3 '{helper}' trace {pid}", Owner.Vm),
            ("other-signalled", $"kill -0 {pid}", Owner.Vm),
            ("other-stopped", $"kill -STOP {pid} && kill -CONT {pid}", Owner.Vm),
            ("base-written", Written(Directory.GetFiles(generation, "*.disk").Should().ContainSingle().Which), Owner.Root),
            ("kernel-written", Written($"{generation}/kernel"), Owner.Root),
            ("initrd-written", Written($"{generation}/initrd"), Owner.Root),
            ("generation-written", Written($"{generation}/image.json"), Owner.Root),
            ("generation-file-made", $"f='{generation}/planted'; touch \"$f\" && rm \"$f\"", Owner.Root),
            ("pointer-written", Written($"{Path.GetDirectoryName(generation)}/current"), Owner.Root),
            ("template-state-written", Written($"{template}/state.bin"), Owner.Root),
            ("template-overlay-written", Written($"{template}/vda.qcow2"), Owner.Root),
            ("template-record-written", Written($"{template}/template.json"), Owner.Root),
            ("state-directory-file-made", $"f='{Bench.StateDirectory}/planted'; touch \"$f\" && rm \"$f\"", Owner.Root),
            ("locks-taken", $"f='{Bench.StateDirectory}/locks/planted'; touch \"$f\" && rm \"$f\"", Owner.Root),
            ("driver-written", $": >> '{Machine.Driver.Program}.conf' && rm '{Machine.Driver.Program}.conf'", Owner.Root),
            ("response-read", $"cat '{response}'", Owner.Root),
            ("users-claimed", "f=/run/vm-executor/users/planted; touch \"$f\" && rm \"$f\"", Owner.Root),
            ("rules-changed", "nft list table inet vm_executor_vms", Owner.Root),
            ("libvirt-asked", "virsh -c qemu:///system list", Owner.Root),
        ];
    }

    /// <summary>
    /// QEMU before 8.2 opens a template's memory for writing, so the users of VMs may write to it. A change is seen by the time of the
    /// file, which only the file's owner can put back.
    /// </summary>
    private async Task TrySpoilingATemplateAsync(Scorecard scorecard, string user)
    {
        var directory = Bench.MakeDirectory("copy");
        var copy = Path.Combine(directory, "ram.img");
        var template = (await Machine.WarmImagesAsync()).Template;
        await HostCommand.OutputAsync("cp", "-a", "--sparse=always", Path.Combine(template, "ram.img"), copy);
        const string Spoil = "t=$(stat -c %y \"$1\"); printf x | dd of=\"$1\" bs=1 seek=4096 conv=notrunc; touch -d \"$t\" \"$1\"; true";
        var before = await StampAsync();
        await AsAsync(user, $"set -- '{copy}'; {Spoil}");
        var byUser = (Content: await ContentAsync(), Stamp: await StampAsync());
        await HostCommand.OutputAsync("cp", "-a", "--sparse=always", Path.Combine(template, "ram.img"), copy);
        await AsAsync("root", $"set -- '{copy}'; {Spoil}");
        var byRoot = (Content: await ContentAsync(), Stamp: await StampAsync());

        scorecard.Note("template-memory-spoiled", held: byUser.Content != "x" || byUser.Stamp != before, control: byRoot == ("x", before), $"before {before}, then {byUser}, as root {byRoot}");

        async Task<string> StampAsync() => await HostCommand.OutputAsync("stat", "-c", "%y %s", copy);
        async Task<string> ContentAsync() => await HostCommand.OutputAsync("dd", "if=" + copy, "bs=1", "skip=4096", "count=1", "status=none");
    }

    /// <summary>Opens a file for writing, after the try to make it writable; its mode is put back.</summary>
    private static string Written(string file) => $"m=$(stat -c %a '{file}'); chmod u+w '{file}'; r=1; ( : >> '{file}' ) && r=0; chmod $m '{file}'; test $r = 0";

    private async Task<string> PidOfAsync(int id) => (await File.ReadAllTextAsync($"/run/libvirt/qemu/{Domain(id)}.pid", TestContext.Current.CancellationToken)).Trim();

    private async Task<string> UserOfAsync(int id) => (await HostCommand.OutputAsync("ps", "-o", "user:32=", "-p", await PidOfAsync(id))).Trim();

    private static async Task<int> AsAsync(string user, string script) => (await HostCommand.TryAsync(
        "setpriv", "--reuid", user, "--regid", user, "--init-groups", "sh", "-c", $"{{ {script}; }} > /dev/null 2>&1")).ExitCode;
}
