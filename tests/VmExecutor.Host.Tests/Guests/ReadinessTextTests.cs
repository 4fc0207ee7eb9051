using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>
/// The question that proves a guest ready, asked of real shells, as a user who is not root, in a mount namespace with file systems that are
/// full or read-only, and without this machine's own cloud-init.
/// </summary>
public sealed class ReadinessTextTests : IDisposable
{
    /// <summary>The first commands of a test, as root, in a namespace of its own; $d is a directory that every user may enter.</summary>
    private const string Preparation =
        """
        set -e
        mount --make-rprivate /
        d=$1
        mount -t tmpfs -o mode=755 tmpfs "$d"
        mkdir "$d/own" "$d/denied" "$d/tmp" "$d/ro" "$d/full" "$d/run"
        touch "$d/file"
        ln -s nowhere "$d/dangling"
        ln -s own "$d/link"
        chown nobody "$d/own" "$d/tmp"
        mount -t tmpfs -o mode=777 tmpfs "$d/ro"
        mount -o remount,ro "$d/ro"
        mount -t tmpfs -o mode=777,size=8k tmpfs "$d/full"
        dd if=/dev/zero of="$d/full/fill" bs=4k count=2 2>/dev/null
        mount --bind "$d/run" /run
        ! own=$(command -v cloud-init) || mount --bind /dev/null "$own"
        [ ! -d /etc/cloud ] || mount -t tmpfs tmpfs /etc/cloud

        """;

    private const string AsNobody = "exec setpriv --reuid=nobody --regid=nogroup --clear-groups env -i PATH=\"$PATH\" TMPDIR=\"$d/tmp\"";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vmx-ready-");

    public ReadinessTextTests()
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "run as root: these tests mount file systems");
        File.SetUnixFileMode(_directory.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
    }

    public static TheoryData<string> Shells => new("dash", "bash --posix", "busybox sh", "mksh", "zsh --emulate sh");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Shells))]
    public async Task Each_shell_tells_of_each_place_why_it_cannot_be_used(string shell)
    {
        string[] names = ["own/new/deep", "own", "link", "denied/new", "denied", "ro/new", "ro", "full", "file", "dangling", "file/new", "own/with 'quote' and blank"];
        GuestPlace[] places = [.. names.Select(name => GuestPlace.ForBuilds(Path.Combine(_directory.FullName, name)))];

        var (output, left) = await AskAsync(shell, places, "find \"$d/own\" \"$d/tmp\" -name '.vmx*'");

        GuestChecks.ParseMissing(output).Should().NotBeNull(output);
        GuestChecks.FindTemporaryFault(output, new GuestUser("nobody")).Should().BeNull();
        left.Should().BeEmpty("what was written is removed");
        GuestChecks.FindFaults(output, places)
            .Select(found => (Path.GetRelativePath(_directory.FullName, found.Place.Path), found.Fault.Reason(new GuestUser("nobody"))))
            .Should().Equal(
                ("denied/new", "it is not there, and user 'nobody' may not make it (Permission denied)"),
                ("denied", "user 'nobody' may not write there (Permission denied)"),
                ("ro/new", "its file system is read-only"),
                ("ro", "its file system is read-only"),
                ("full", "its file system is full (No space left on device)"),
                ("file", "it is there and is no directory"),
                ("dangling", "it is a symbolic link to something that is not there"),
                ("file/new", "it cannot be made, since a part of its path is no directory (Not a directory)"));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("full", "its file system is full (No space left on device)")]
    [InlineData("ro", "its file system is read-only")]
    [InlineData("denied", "user 'nobody' may not write there (Permission denied)")]
    public async Task A_directory_for_temporary_files_is_looked_at_as_well(string name, string reason)
    {
        var (output, _) = await AskAsync("dash", [], "", $"TMPDIR=\"$d/{name}\"");

        GuestChecks.FindTemporaryFault(output, new GuestUser("nobody"))!.Value.What.Should().Be($"{_directory.FullName}/{name}, where scripts are stored: {reason}");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("full", "its file system is full (No space left on device); 0 KiB of 8 KiB are free on {0}/full, and ")]
    [InlineData("inodeless", "its file system takes no more files, since it has no free inode (No space left on device); 1024 KiB of 1024 KiB are free on {0}/inodeless, and 0 of 2 inodes")]
    [InlineData("ro", "its file system is read-only; ")]
    [InlineData("denied", "user 'nobody' may not write there (Permission denied); ")]
    [InlineData("own/gone", "it is not there any more")]
    [InlineData("file", "it is there and is no directory; ")]
    public async Task Why_a_script_cannot_be_stored_is_said_in_each_shell(string name, string reason)
    {
        foreach (var shell in Shells)
        {
            var output = await RunAsync(
                $"mkdir $d/inodeless; mount -t tmpfs -o mode=777,size=1m,nr_inodes=2 tmpfs $d/inodeless; touch $d/inodeless/fill; {AsNobody} TMPDIR=\"$d/{name}\" {shell.Data}", ScriptStorage.Text(20_000));

            var failure = ScriptStorage.Failure(Access(), 20_000, output);
            failure.Message.Should().StartWith($"the script (20 KiB) could not be stored in the guest nobody@vmx-job", shell.Data)
                .And.Contain($": {_directory.FullName}/{name}, where scripts are stored: {reason.Replace("{0}", _directory.FullName, StringComparison.Ordinal)}", shell.Data);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_script_that_would_fit_now_did_not_arrive_whole_and_nothing_is_left()
    {
        var output = await RunAsync($"({AsNobody} dash); ls -A \"$d/tmp\"", ScriptStorage.Text(3_000_000));

        output.Should().EndWith("vmx-looked\n");
        ScriptStorage.Failure(Access(), 3_000_000, output).Message.Should().Contain("it did not arrive whole, although there is room for it now");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("", CloudInitState.None)]
    [InlineData("mkdir /run/cloud-init", CloudInitState.None)]
    [InlineData("stand_in", CloudInitState.None)]
    [InlineData("stand_in; mkdir /run/cloud-init", CloudInitState.Running)]
    [InlineData("stand_in; mkdir /run/cloud-init; touch /run/cloud-init/disabled", CloudInitState.None)]
    [InlineData("stand_in 'status: running'", CloudInitState.Running)]
    [InlineData("stand_in 'status: not run'", CloudInitState.None)]
    [InlineData("stand_in; mkdir /run/cloud-init; printf '{\\n \"v1\": {\\n  \"errors\": []\\n }\\n}' >/run/cloud-init/result.json", CloudInitState.Done)]
    [InlineData("stand_in; mkdir /run/cloud-init; printf '{\\n \"v1\": {\\n  \"errors\": [\\n   \"x\"\\n  ]\\n }\\n}' >/run/cloud-init/result.json", CloudInitState.Failed)]
    public async Task Cloud_init_is_found_at_work_absent_off_done_or_failed(string state, CloudInitState expected)
    {
        foreach (var shell in Shells)
        {
            var (output, _) = await AskAsync(shell.Data, [], "", before: state);
            Readiness.Judge(Access(), output).CloudInit.Should().Be(expected, "{0}: {1}", shell.Data, output);
        }
    }

    [Theory(Timeout = 60_000)]
    [InlineData("status: done", 0, CloudInitState.Done)]
    [InlineData("status: disabled", 0, CloudInitState.Done)]
    [InlineData("status: done", 2, CloudInitState.Degraded)]
    [InlineData("status: error", 1, CloudInitState.Failed)]
    [InlineData("usage: cloud-init [-h] (invalid choice: 'status')", 2, CloudInitState.Done)]
    public async Task Waiting_tells_how_it_ended(string said, int status, CloudInitState expected)
    {
        // One that has no such command is waited for by its file.
        var output = await RunAsync(
            $"stand_in '{said}' {status}; mkdir /run/cloud-init; (sleep 0.3; touch /run/cloud-init/result.json) & {AsNobody} dash", CloudInit.Wait);

        CloudInit.ParseEnd(output).Should().Be(expected, output);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("status: error", 1, CloudInitState.Failed)]
    [InlineData("status: done", 2, CloudInitState.Degraded)]
    [InlineData("usage: cloud-init [-h] (invalid choice: 'status')", 2, CloudInitState.Failed)]
    public async Task Waiting_goes_on_after_an_error_until_the_last_stage_has_ended(string said, int status, CloudInitState expected)
    {
        // The command ends at once; a later stage is still at work.
        var output = await RunAsync(
            $$"""
            stand_in "{{said}}" {{status}}; mkdir /run/cloud-init
            (sleep 1.5; printf '{\n "v1": {\n  "errors": [\n   "(locale, \\"exit 255\\")"\n  ]\n }\n}\n' >/run/cloud-init/new; mv /run/cloud-init/new /run/cloud-init/result.json) &
            {{AsNobody}} dash
            """,
            CloudInit.Wait);

        CloudInit.ParseErrors(output).Should().Equal("(locale, \"exit 255\")");
        CloudInit.ParseEnd(output).Should().Be(expected, output);
    }

    [Fact(Timeout = 60_000)]
    public async Task Waiting_ends_where_the_last_stage_cannot_run()
    {
        var output = await RunAsync(
            $$"""
            stand_in 'status: error' 1; mkdir /run/cloud-init
            printf '#!/bin/sh\n[ "$*" = "is-failed --quiet cloud-final.service" ]\n' >"$d/bin/systemctl"; chmod 755 "$d/bin/systemctl"
            {{AsNobody}} dash
            """,
            CloudInit.Wait);

        CloudInit.ParseEnd(output).Should().Be(CloudInitState.Failed, output);
    }

    private GuestAccess Access() => new(
        new Core.Values.DomainName("vmx-job"), new GuestAddress("127.0.0.1", 22), new GuestUser("nobody"), new(_directory.FullName), new(_directory.FullName), [], GuestShell.Sh);

    private async Task<(string Output, string After)> AskAsync(string shell, IReadOnlyList<GuestPlace> places, string after, string variables = "", string before = "")
    {
        const string Mark = "== after ==\n";
        var output = await RunAsync(
            $"{(before.Length == 0 ? ":" : before)}; ({AsNobody} {variables} {shell}); printf '{Mark.TrimEnd()}\\n'; {(after.Length == 0 ? ":" : after)}",
            GuestChecks.Text(GuestShell.Sh, places));
        var parts = output.Split(Mark);
        return (parts[0], parts.ElementAtOrDefault(1) ?? "");
    }

    private async Task<string> RunAsync(string script, string input)
    {
        // A stand-in for cloud-init: says its first argument to whatever it is asked, and ends with the second.
        const string Command =
            """
            stand_in() {
              mkdir -p "$d/bin"
              printf '#!/bin/sh\necho "%s"\nexit %s\n' "${1-}" "${2-0}" >"$d/bin/cloud-init"
              chmod 755 "$d/bin/cloud-init"
              PATH=$d/bin:$PATH
            }

            """;
        var start = new ProcessStartInfo("unshare", ["-m", "bash", "-c", Preparation + Command + script, "bash", _directory.FullName])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        return await output + await error;
    }
}
