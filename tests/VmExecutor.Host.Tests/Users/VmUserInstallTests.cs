using FluentAssertions;
using VmExecutor.Core.Tests.Conventions;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Users;

/// <summary>The real <c>executor/users/install</c>, with an /etc of its own in a mount namespace.</summary>
public sealed class VmUserInstallTests
{
    /// <summary>With systemd-sysusers, and as on a host without it.</summary>
    private const string Inside = """
        set -e
        cp -a /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/login.defs /etc/nsswitch.conf /mnt
        mount -t tmpfs -o mode=0755 vmx-test /etc
        cp -a /mnt/* /etc
        sed -i '/^vm-executor-/d; s/,*vm-executor-g[0-9]*//g' /etc/passwd /etc/group /etc/shadow /etc/gshadow
        echo "vm-executor-g0:x:990:990::/:/usr/sbin/nologin" >> /etc/passwd
        echo "vm-executor-g0:x:990:" >> /etc/group
        echo "another:x:70002:70002::/:/usr/sbin/nologin" >> /etc/passwd
        echo "another:x:70002:" >> /etc/group
        if [ "$2" = without ]; then
            mkdir /mnt/bin
            for tool in bash env id getent grep groupadd useradd usermod; do ln -s "$(type -P $tool)" /mnt/bin/$tool; done
            export PATH=/mnt/bin
        fi
        "$1" 4 2> /dev/null
        "$1" 4
        "$1" --look 4
        for user in 0 1 2 3; do /usr/bin/id -u vm-executor-g$user; /usr/bin/id -g vm-executor-g$user; /usr/bin/id -nG vm-executor-g$user; done
        """;

    [Theory(Timeout = 60_000)]
    [InlineData("with")]
    [InlineData("without")]
    public async Task New_users_have_numbers_outside_of_the_systems_range_and_those_that_are_there_keep_theirs(string sysusers)
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "users are made by root");
        Prerequisite.Require(sysusers == "without" || File.Exists("/usr/bin/systemd-sysusers"), "systemd-sysusers is not installed");

        var result = await new ToolRunner(new ToolEnvironment(new Dictionary<string, string> { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin" }), TimeProvider.System).RunAsync(
            new ToolCall("unshare", ["--mount", "--propagation", "private", "bash", "-c", $"mount -t tmpfs vmx-test /mnt; {Inside}", "sh", Path.Combine(Repository.Root, "executor/users/install"), sysusers]), CancellationToken.None);

        result.ExitCode.Should().Be(0, result.StandardError);
        var lines = result.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Where((_, number) => number % 3 == 0).Take(2).Should().Equal("990", "70001");
        lines[6].Should().NotBe("70002", "another user has it");
        lines[9].Should().Be("70003");
        lines[10].Should().Be("70003");
        lines.Where((_, number) => number % 3 == 2).Should().OnlyContain(groups => groups.Contains("vm-executor-vms"));
    }
}
