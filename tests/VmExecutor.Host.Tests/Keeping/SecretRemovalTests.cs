using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Keeping;
using Xunit;

namespace VmExecutor.Host.Tests.Keeping;

/// <summary>
/// The text that takes secrets out of a guest, run by a real sh among real processes: in namespaces of its own, where it sees no process and no /tmp of this host.
/// </summary>
public sealed class SecretRemovalTests
{
    private const string Secret = "glcbt-64_CANARY5c1e";

    // By name: others have this very text in their arguments.
    private const string Sleepers = "echo; grep -hx sleep /proc/[0-9]*/comm; true";

    [Fact(Timeout = 120_000)]
    public async Task Files_and_processes_with_secrets_go_and_the_rest_stays()
    {
        var said = await RunAsync(
            $$"""
            mkdir -p /tmp/home/.docker /tmp/b/group/project/.git/modules/sub "/tmp/b/group/project/with space" /tmp/b/group/project.tmp /tmp/c
            cd /tmp/b/group/project
            echo '[remote "origin"] url = https://gitlab-ci-token:{{Secret}}@gitlab.example.com/group/project.git' > .git/config
            cp .git/config .git/modules/sub/config
            echo {{Secret}} > ../project.tmp/DEPLOY_KEY
            echo https://ci:{{Secret}}@gitlab.example.com > /tmp/home/.git-credentials
            echo auth > /tmp/home/.docker/config.json
            echo token={{Secret}} > "with space/.env"
            echo {{Secret}} > /tmp/vmx-0123-script
            echo {{Secret}} > /var/tmp/mine
            echo harmless > Makefile
            sleep 1000 &
            (trap '' TERM; exec sleep 1001) &
            VMX_RUN=abc sleep 1002 &
            """,
            $"find /tmp /var/tmp -type f | sort; cat .git/config; grep -r CANARY /tmp /var/tmp; {Sleepers}");

        said.Should().Contain("vmx-secrets:removed\n").And.Contain("/tmp/b/group/project/Makefile\n").And.Contain("url = https://gitlab.example.com/group/project.git\n")
            .And.Contain(".git/modules/sub/config\n");
        said.Should().NotContainAny(Secret, "project.tmp", ".git-credentials", "config.json", ".env", "vmx-0123", "/var/tmp/mine", "\nsleep\n");
    }

    [Fact(Timeout = 120_000)]
    public async Task Processes_from_before_the_guest_was_ready_are_spared()
    {
        // It has to be older than the second by which a guest's age is told.
        var said = await RunAsync("sleep 1000 & sleep 2.2", Sleepers, age: 1);

        said.Should().Contain("vmx-secrets:removed\n").And.Contain("\nsleep\n");
    }

    /// <summary>Scripts and their status files are in the TMPDIR of the login, which sudo does not hand on.</summary>
    [Fact(Timeout = 120_000)]
    public async Task Files_of_the_driver_in_the_logins_TMPDIR_go_also_under_sudo()
    {
        var said = await RunAsync(
            """
            mkdir -p /tmp/home/tmp /tmp/bin
            export TMPDIR=/tmp/home/tmp PATH=/tmp/bin:$PATH
            echo 1 > $TMPDIR/vmx-0123-status; echo 2 > /tmp/vmx-4567-status; echo 3 > $TMPDIR/vmx-0123-script; echo 4 > $TMPDIR/kept
            printf '#!/bin/sh\necho 1000\n' > /tmp/bin/id
            printf '#!/bin/sh\nunset TMPDIR\n[ "$1" != -n ] || shift\nPATH=/usr/bin:/bin exec "$@"\n' > /tmp/bin/sudo
            chmod +x /tmp/bin/id /tmp/bin/sudo
            """,
            "find /tmp/home /tmp -name 'vmx-*'; ls /tmp/home/tmp");

        said.Should().Contain("vmx-secrets:removed\n").And.Contain("kept\n").And.NotContainAny("-status", "-script");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_secret_that_cannot_be_removed_is_not_said_to_be_gone()
    {
        // A file system that takes no change.
        var said = await RunAsync($"mkdir -p /tmp/home /tmp/b; mount -t tmpfs t /tmp/b; echo {Secret} > /tmp/b/file; mount -o remount,ro /tmp/b", "true");

        said.Should().NotContain("vmx-secrets");
    }

    private static async Task<string> RunAsync(string before, string after, int age = 60)
    {
        var script = $$"""
            set -e
            mount -t tmpfs t /tmp
            mount -t tmpfs t /var/tmp
            export HOME=/tmp/home
            unset TMPDIR
            {{before}}
            set +e
            printf '%s\n' {{Secret}} | sh -c {{ShellText.Quote(SecretRemoval.Text("/tmp/b", "/tmp/c", TimeSpan.FromSeconds(age)))}}
            echo 'the end'
            {{after}}
            """;
        var start = new ProcessStartInfo("unshare", ["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "sh", "-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var said = await output;
        Prerequisite.Require(said.Contains("the end", StringComparison.Ordinal), $"namespaces without privileges: {await error}");
        return said;
    }
}
