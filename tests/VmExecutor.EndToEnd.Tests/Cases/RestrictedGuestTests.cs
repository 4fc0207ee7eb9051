using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Guests whose administrators have other login shells, restricted ssh servers, and less room and rights than usual.</summary>
[AlwaysCold("each guest is another one than the tests' template; it makes templates itself")]
public sealed class RestrictedGuestTests(TestMachine machine) : PublishTest(machine)
{
    private const string Ready = "the script is at work";

    private const string OneSession =
        """
        sed -i 's/^MaxSessions.*/MaxSessions 1/; s/^MaxStartups.*/MaxStartups 2/; s/^PrintMotd.*/PrintMotd yes/' /etc/ssh/sshd_config
        printf 'Port 2222\nAllowTcpForwarding no\nBanner /etc/motd\nPermitUserEnvironment yes\n' >> /etc/ssh/sshd_config
        printf 'Permission denied (publickey).\nNOISE\n' > /etc/motd
        echo 'echo NOISE; echo NOISE >&2; set -eux; shopt -s expand_aliases; alias rm="rm -i"' > /home/ci/.bashrc
        echo 'echo NOISE' | tee /home/ci/.profile > /etc/profile
        mount -o remount,noexec,size=1m /tmp
        umount /dev/shm
        rmdir /dev/shm
        """;

    private const string NoBash =
        """
        sed -i '/^ci:/s,/bin/bash,/bin/sh,' /etc/passwd
        rm -f /usr/bin/bash /usr/bin/dash
        for tool in $(busybox --list); do
          case $tool in busybox|init|mount|poweroff|sshd|sudo) ;; *) ln -sf /usr/bin/busybox /usr/bin/$tool ;; esac
        done
        """;

    private const string ReadOnlyRoot =
        """
        for place in builds cache; do mount -t tmpfs -o mode=0755,uid=1000,gid=1000 "$place" "/$place"; done
        mount -o remount,ro /
        """;

    private const string NoSudo =
        """
        rm -f /usr/bin/sudo
        mount -o remount,size=64k /dev/shm
        head -c 128K /dev/zero > /dev/shm/full
        """;

    /// <summary>The guest, how it differs, its shell, the port of its ssh server, programs of this host that it gets, and why it cannot wake up.</summary>
    public static TheoryDataRow<string, string, string, int, string, string>[] Guests() =>
    [
        new("one session, noexec /tmp of 1 MiB, another port", OneSession, "bash", 2222, "", "") { Explicit = true },
        new("tcsh", "sed -i '/^ci:/s,/bin/bash,/usr/bin/tcsh,' /etc/passwd; echo 'echo NOISE !!' > /home/ci/.tcshrc", "bash", 22, "/usr/bin/tcsh", ""),
        new("fish", "sed -i '/^ci:/s,/bin/bash,/usr/bin/fish,' /etc/passwd", "bash", 22, "/usr/bin/fish /usr/share/fish", "") { Explicit = true },
        new("BusyBox alone", NoBash, "sh", 22, "", "") { Explicit = true },
        new("home that is not writable", "chown root /home/ci; chmod 755 /home/ci", "bash", 22, "", "") { Explicit = true },
        new("no home, keys elsewhere", "mv /home/ci/.ssh/authorized_keys /etc/ssh/keys; chmod 644 /etc/ssh/keys; rm -rf /home/ci; echo 'AuthorizedKeysFile /etc/ssh/keys' >> /etc/ssh/sshd_config", "bash", 22, "", "") { Explicit = true },
        new("read-only root", ReadOnlyRoot, "bash", 22, "", "") { Explicit = true },
        new("no sudo, full /dev/shm", NoSudo, "bash", 22, "", "'ci' may not become root") { Explicit = true },
    ];

    [Theory(Timeout = 2 * HangLimit)]
    [MemberData(nameof(Guests))]
    public async Task Jobs_run_cold_and_warm_and_can_be_cancelled(string guest, string script, string shell, int port, string programs, string noTemplate)
    {
        var initrd = await ChangedGuest.MakeAsync(Machine.Guest, Bench.MakeDirectory("changed"), script, programs.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Bench.With(new ImageYaml { Initrd = initrd, Shell = shell, Port = port, IsWarm = true });
        await PublishAsync("small");
        var cold = await JobAsync(1421);
        cold.Last(Stage.Prepare).OutputText.Should().Contain(", cold (", guest);
        if (!Thoroughness.IsFull)
        {
            return;
        }

        var (exitCode, output, error) = await Bench.CommandAsync("image", "warm", "small");
        if (noTemplate.Length > 0)
        {
            exitCode.Should().NotBe(0, output);
            error.Should().Contain(noTemplate);
            return;
        }

        exitCode.Should().Be(0, output + error);
        var warm = await JobAsync(1422);

        warm.Last(Stage.Prepare).OutputText.Should().Contain(", warm (", guest);
    }

    private async Task<JobResult> JobAsync(long id)
    {
        var running = Bench.Start(new SimulatedJob
        {
            Id = id,
            Script = ["sleep 5181 & sleep 5182 & echo the script' is at' work; sleep 5183"],
            AfterScript = ["echo after $((1+1))", GuestProcesses.SayWhenNoneIsLeft("^sleep 51[8]", "script is gone")],
        });
        await running.TraceContainsAsync($"{Ready}\n");

        running.Cancel();
        var result = await running.Completion;

        result.State.Should().Be(JobState.Canceled, result.ToString());
        result.Last(Stage.Run, SubStages.AfterScript).OutputText.Should().Contain("after 2\n").And.Contain("script is gone\n").And.NotContain("sleep 518");
        result.TraceText.Should().NotContain("NOISE").And.NotContain("+ exec");
        result.Last(Stage.Cleanup).ShouldSucceed();
        return result;
    }
}
