using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Guests whose administrators have other login shells, restricted ssh servers and accounts that cannot work.</summary>
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

    public static TheoryDataRow<string, string, string, int, string>[] Guests() =>
    [
        new("one session, noexec /tmp of 1 MiB, another port", OneSession, "bash", 2222, "") { Explicit = true },
        new("tcsh", "sed -i '/^ci:/s,/bin/bash,/usr/bin/tcsh,' /etc/passwd; echo 'echo NOISE !!' > /home/ci/.tcshrc", "bash", 22, "/usr/bin/tcsh") { Explicit = true },
        new("fish", "sed -i '/^ci:/s,/bin/bash,/usr/bin/fish,' /etc/passwd", "bash", 22, "/usr/bin/fish /usr/share/fish") { Explicit = true },
        new("BusyBox alone", NoBash, "sh", 22, "") { Explicit = true },
        new("home that is not writable", "chown root /home/ci; chmod 755 /home/ci", "bash", 22, "") { Explicit = true },
        new("no home, keys elsewhere", "mv /home/ci/.ssh/authorized_keys /etc/ssh/keys; chmod 644 /etc/ssh/keys; rm -rf /home/ci; echo 'AuthorizedKeysFile /etc/ssh/keys' >> /etc/ssh/sshd_config", "bash", 22, "") { Explicit = true },
    ];

    [Theory(Timeout = 2 * HangLimit)]
    [MemberData(nameof(Guests))]
    public async Task Jobs_run_cold_and_warm_and_can_be_cancelled(string guest, string script, string shell, int port, string programs)
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
        exitCode.Should().Be(0, output + error);

        var warm = await JobAsync(1422);

        warm.Last(Stage.Prepare).OutputText.Should().Contain(", warm (", guest);
    }

    [Theory(Timeout = HangLimit, Explicit = true)]
    [InlineData("VMX1426", "only refuses (nologin)", "usermod -s /bin/sh ci", "sed -i '/^ci:/s,/bin/bash,/usr/sbin/nologin,' /etc/passwd; printf '#!/bin/sh\\necho This account is currently not available.\\nexit 1\\n' > /usr/sbin/nologin; chmod 755 /usr/sbin/nologin")]
    [InlineData("VMX1426", "has expired", "chage -d", "sed -i '/^ci:/s,:20000:,:0:,' /etc/shadow; sed -i 's/^UsePAM.*/UsePAM yes/' /etc/ssh/sshd_config; mkdir -p /etc/pam.d; printf 'auth required pam_permit.so\\naccount required pam_unix.so\\nsession required pam_permit.so\\n' > /etc/pam.d/sshd")]
    [InlineData("VMX1426", "a shell that reads its input", "no ForceCommand", "echo 'ForceCommand /bin/bash' >> /etc/ssh/sshd_config")]
    [InlineData("VMX1425", "opens no further session", "MaxSessions 10", "sed -i 's/^MaxSessions.*/MaxSessions 0/' /etc/ssh/sshd_config")]
    [InlineData("VMX1404", "does not accept the key", "account locked or expired", "sed -i '/^ci:/s,:\\*:,:!:,' /etc/shadow")]
    [InlineData("VMX1419", "cannot use /builds", "install -d -o ci /builds", "rm -rf /builds")]
    [InlineData("VMX1408", "/tmp, where scripts are stored", "install -d -o ci /tmp", "umount /tmp; rmdir /tmp")]
    public async Task A_guest_in_which_no_job_can_run_is_refused_when_it_is_published_and_in_prepare(string code, string cause, string fix, string script)
    {
        Bench.With(new ImageYaml { Initrd = await ChangedGuest.MakeAsync(Machine.Guest, Bench.MakeDirectory("changed"), script) });

        var (exitCode, output, error) = await Bench.CommandAsync("image", "publish", "small");
        var session = Bench.Open(new SimulatedJob { Id = 1423 });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        (await session.CleanupAsync()).ShouldSucceed();

        exitCode.Should().NotBe(0, output);
        error.Should().Contain("VMX1216").And.ContainAll(cause, fix);
        prepare.Reading.Verdict.Should().Be(Verdict.SystemFailure, prepare.ToString());
        session.Trace.ToString().Should().ContainAll(code, cause, fix);
    }

    private async Task<JobResult> JobAsync(long id)
    {
        var running = Bench.Start(new SimulatedJob
        {
            Id = id,
            Script = ["sleep 5181 & sleep 5182 & echo the script' is at' work; sleep 5183"],
            AfterScript = ["echo after $((1+1)); ps -o args 2>/dev/null | grep '^sleep 518' || true"],
        });
        await running.TraceContainsAsync($"{Ready}\n");

        running.Cancel();
        var result = await running.Completion;

        result.State.Should().Be(JobState.Canceled, result.ToString());
        result.Last(Stage.Run, SubStages.AfterScript).OutputText.Should().Contain("after 2\n").And.NotContain("sleep 518");
        result.TraceText.Should().NotContain("NOISE").And.NotContain("+ exec");
        result.Last(Stage.Cleanup).ShouldSucceed();
        return result;
    }
}
