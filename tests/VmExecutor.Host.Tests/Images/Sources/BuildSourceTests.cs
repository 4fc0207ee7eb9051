using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images.Sources;
using Xunit;

namespace VmExecutor.Host.Tests.Images.Sources;

public sealed class BuildSourceTests : RecipeTest
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task The_files_that_a_recipe_leaves_are_the_image()
    {
        WriteRecipe("""cd "$1" && echo disk > disk.raw && echo kernel > vmlinuz && echo initrd > initrd.img && echo "root=/dev/vda quiet" > cmdline""");

        var files = await BuildAsync(Cancellation);

        (await File.ReadAllTextAsync(files.Disk.Value, Cancellation)).Should().Be("disk\n");
        files.Format.Should().Be(DiskFormat.Raw);
        files.Kernel!.Cmdline.Should().Be("root=/dev/vda quiet");
        File.Exists(files.Kernel.Kernel.Value).Should().BeTrue();
        File.Exists(files.Kernel.Initrd!.Value).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_recipe_is_told_of_the_image_and_nothing_of_a_job()
    {
        WriteRecipe("""env; echo "to stderr" >&2; echo "in $PWD"; read -r line || echo "nothing to read"; touch left "$1/disk.qcow2" """);
        var key = Temporary.Child("key");
        using (var keygen = Process.Start("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key.Value]))
        {
            await keygen.WaitForExitAsync(Cancellation);
        }

        var files = await BuildAsync(Cancellation, key: key);

        var log = await File.ReadAllLinesAsync(Log.Value, Cancellation);
        var publicKey = (await File.ReadAllTextAsync($"{key}.pub", Cancellation)).Trim();
        log.Should().Contain(["VMX_IMAGE=debian", "VMX_SSH_USER=ci", $"VMX_SSH_AUTHORIZED_KEY={publicKey}", "VMX_SUITE=trixie", "to stderr", "nothing to read"]);
        log.Should().ContainMatch("VMX_ARCH=*").And.NotContainMatch("CUSTOM_ENV_*");
        var scratch = log.Single(line => line.StartsWith("in ", StringComparison.Ordinal))[3..];
        Directory.Exists(scratch).Should().BeFalse();
        files.Kernel.Should().BeNull();
        File.GetUnixFileMode(Log.Value).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_last_line_of_a_recipe_that_works_is_shown_made_plain()
    {
        WriteRecipe($"printf 'one\\n\\033[2Jtwo\\n'; while [ ! -e '{Temporary}/go' ]; do sleep 0.1; done; touch \"$1/disk.raw\"");

        await BuildAsync(Cancellation, show: shown =>
        {
            if (shown == new TransferAmount("building 'debian'", null, "\\u001b[2Jtwo"))
            {
                File.WriteAllText(Temporary.Child("go").Value, "");
            }
        });

        File.Exists(Temporary.Child("go").Value).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_recipe_that_fails_is_named_with_its_code_and_the_end_of_its_log()
    {
        WriteRecipe("for i in {1..30}; do echo \"line $i\"; done; printf '\\033[31mred\\n'; exit 3");

        var build = () => BuildAsync(Cancellation);

        var failure = (await build.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.ImageBuildFailed);
        failure.Message.Should().Contain($"the recipe {Recipe} of image 'debian' ended with exit code 3").And.Contain("  line 12\n").And.NotContain("line 11\n").And.EndWith("\\u001b[31mred");
        failure.Hint.Should().Contain(Log.Value);
        File.Exists(Log.Value).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_recipe_that_leaves_no_disk_has_failed()
    {
        WriteRecipe("true");

        var build = () => BuildAsync(Cancellation);

        (await build.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("left neither disk.qcow2 nor disk.raw").And.Contain("It said nothing");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_recipe_that_is_not_executable_is_not_run()
    {
        await File.WriteAllTextAsync(Recipe.Value, "#!/bin/sh\n", Cancellation);

        var build = () => BuildAsync(Cancellation);

        (await build.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().EndWith("is not executable");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_recipe_that_takes_too_long_is_ended_with_all_that_it_started()
    {
        WriteRecipe(Stubborn);

        var build = () => BuildAsync(Cancellation, TimeSpan.FromSeconds(2));

        (await build.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("did not end within 2s (build_timeout)");
        RunningChildren().Should().BeEmpty();
        Directory.EnumerateFileSystemEntries(Output.Value).Should().ContainSingle("the scratch directory is gone");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancelled_build_leaves_nothing_running()
    {
        WriteRecipe(Stubborn);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var build = BuildAsync(cancel.Token);
        while (!File.Exists(Temporary.Child("ready").Value))
        {
            await Task.Delay(20, Cancellation);
        }

        await cancel.CancelAsync();

        await build.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        RunningChildren().Should().BeEmpty();
    }

    // A child in a session of its own, an orphan, and a recipe that ignores being asked to end.
    private string Stubborn => $"""
        trap '' TERM
        setsid sleep 1001 & echo $! >> {Temporary}/pids
        (sleep 1002 & echo $! >> {Temporary}/pids)
        echo $$ >> {Temporary}/pids; touch {Temporary}/ready
        while :; do sleep 0.1; done
        """;

    private IEnumerable<int> RunningChildren()
    {
        var pids = File.ReadAllLines(Temporary.Child("pids").Value).Select(line => int.Parse(line, CultureInfo.InvariantCulture)).ToList();
        pids.Should().HaveCount(3);
        return pids.Where(pid => File.Exists($"/proc/{pid}/stat") && !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal));
    }
}
