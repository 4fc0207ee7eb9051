using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Guests in which no job can run: the administrator is told when the image is published, and each job in prepare.</summary>
[AlwaysCold("no template can be made of them")]
public sealed class RefusedGuestTests(TestMachine machine) : PublishTest(machine)
{
    /// <summary>Takes the room without writing, so that the clone's overlay stays small.</summary>
    private const string FullDisk =
        """
        n=0
        for size in 256M 16M 1M 64K 4K; do while fallocate -l $size "/full.$n" 2> /dev/null; do n=$((n+1)); done; n=$((n+1)); done
        """;

    [Theory(Timeout = HangLimit, Explicit = true)]
    [InlineData("VMX1426", "only refuses (nologin)", "usermod -s /bin/sh ci", "sed -i '/^ci:/s,/bin/bash,/usr/sbin/nologin,' /etc/passwd; printf '#!/bin/sh\\necho This account is currently not available.\\nexit 1\\n' > /usr/sbin/nologin; chmod 755 /usr/sbin/nologin")]
    [InlineData("VMX1426", "has expired", "chage -d", "sed -i '/^ci:/s,:20000:,:0:,' /etc/shadow; sed -i 's/^UsePAM.*/UsePAM yes/' /etc/ssh/sshd_config; mkdir -p /etc/pam.d; printf 'auth required pam_permit.so\\naccount required pam_unix.so\\nsession required pam_permit.so\\npassword required pam_permit.so\\n' > /etc/pam.d/sshd; cp /etc/pam.d/sshd /etc/pam.d/other")]
    [InlineData("VMX1426", "a shell that reads its input", "no ForceCommand", "echo 'ForceCommand /bin/bash' >> /etc/ssh/sshd_config")]
    [InlineData("VMX1425", "opens no further session", "MaxSessions 10", "sed -i 's/^MaxSessions.*/MaxSessions 0/' /etc/ssh/sshd_config")]
    [InlineData("VMX1404", "does not accept the key", "account locked or expired", "sed -i '/^ci:/s,:\\*:,:!:,' /etc/shadow")]
    [InlineData("VMX1419", "cannot use /builds", "install -d -o ci /builds", "rm -rf /builds")]
    [InlineData("VMX1408", "/tmp, where scripts are stored", "install -d -o ci /tmp", "umount /tmp; rmdir /tmp")]
    [InlineData("VMX1419", "its file system is full", "Make room in the base image", FullDisk)]
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
}
