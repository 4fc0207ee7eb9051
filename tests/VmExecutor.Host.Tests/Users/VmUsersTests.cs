using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host.Users;
using Xunit;

namespace VmExecutor.Host.Tests.Users;

/// <summary>Users given to clones, with real files, locks and processes. The users' numbers are of no user of this host.</summary>
public sealed class VmUsersTests : IDisposable
{
    private const uint First = 3_900_000_000;

    // Two of these tests at the same time would take each other's processes for their own.
    private static uint _next = First + ((uint)Environment.ProcessId * 16);

    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-users-").FullName);
    private readonly List<Process> _processes = [];
    private readonly List<string> _files = [];
    private readonly VmUserPool _pool;

    public VmUsersTests()
    {
        var first = Interlocked.Add(ref _next, 4);
        _pool = new VmUserPool([.. Enumerable.Range(0, 3).Select(i => new VmUser($"g{i}", first + (uint)i, first + (uint)i, 0))], 0);
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.Dispose();
        }

        _files.ForEach(File.Delete);
        Directory.Delete(_directory.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task Each_clone_gets_another_user_and_the_last_one_none_until_a_clone_is_gone()
    {
        (await TakeAsync("a"))!.Name.Should().Be("g0");
        (await TakeAsync("b"))!.Name.Should().Be("g1");
        (await TakeAsync("c"))!.Name.Should().Be("g2");
        Users().HasFree().Should().BeFalse();
        (await TakeAsync("d")).Should().BeNull("no two clones share a user");

        Directory.Delete(Clone("b").Value);

        Users().HasFree().Should().BeTrue();
        (await TakeAsync("d"))!.Name.Should().Be("g1");
        (await TakeAsync("a"))!.Name.Should().Be("g0", "another attempt of the same job keeps its user");
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_that_take_a_user_at_once_all_get_different_ones()
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => TakeAsync($"clone{i}"))));

        taken.OfType<VmUser>().Should().BeEquivalentTo(_pool.Users);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_user_that_still_has_a_process_is_given_to_no_clone()
    {
        Sleep(_pool.Users[0]);

        (await TakeAsync("a"))!.Name.Should().Be("g1");
    }

    [Fact(Timeout = 60_000)]
    public async Task Processes_and_files_that_a_user_has_left_are_removed_when_its_clone_is_gone_and_not_before()
    {
        await TakeAsync("a");
        await TakeAsync("b");
        var (gone, living) = (Sleep(_pool.Users[0]), Sleep(_pool.Users[1]));
        var (left, kept) = (Leave(_pool.Users[0]), Leave(_pool.Users[1]));

        (await Users().CollectAsync(dryRun: false, default)).Should().BeEmpty("both clones are there");
        Directory.Delete(Clone("a").Value);
        var (user, parts, failure) = (await Users().CollectAsync(dryRun: true, default)).Should().ContainSingle().Which;
        gone.HasExited.Should().BeFalse("a dry run only looks");
        var removed = await Users().CollectAsync(dryRun: false, default);

        (user, failure).Should().Be(("g0", null));
        parts.Should().Equal($"process {gone.Id}", $"file {left}");
        removed.Should().ContainSingle().Which.Parts.Should().Equal(parts);
        await gone.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.Exists(left).Should().BeFalse();
        living.HasExited.Should().BeFalse();
        File.Exists(kept).Should().BeTrue();
        (await Users().CollectAsync(dryRun: false, default)).Should().BeEmpty();
        (await TakeAsync("c"))!.Name.Should().Be("g0");
    }

    /// <summary>A guest that has taken over its QEMU chooses the names.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData(@"touch 'vmx-left-'$'\n''file'", @"vmx-left-\x0afile")]
    [InlineData(@"touch 'vmx-left-'$'\xff'", @"vmx-left-\xff")]
    [InlineData(@"mkdir 'vmx-left-'$'\xe2\x82' && touch 'vmx-left-'$'\xe2\x82'/$'\xff'", @"vmx-left-\xe2\x82")]
    [InlineData(@"mkdir -m 777 'vmx-open-'$'\n' && cd 'vmx-open-'$'\n' && touch left", @"vmx-open-\x0a/left")]
    public async Task Files_that_a_user_has_left_are_removed_whatever_their_names_are(string make, string told)
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "only root makes files of another user");
        var user = _pool.Users[0];
        var place = Path.Combine("/dev/shm", $"vmx-names-{Guid.NewGuid():N}");
        Directory.CreateDirectory(place);
        try
        {
            await RunAsync("chmod", "777", place);
            await RunAsync("bash", "-c", $"cd {place} && {make}");
            await RunAsync("bash", "-c", $"cd {place} && find . -mindepth 1 ! -name 'vmx-open*' -exec chown {Text(user.Id)} {{}} +");
            await TakeAsync("a");
            Directory.Delete(Clone("a").Value);

            var removed = await Users().CollectAsync(dryRun: false, default);

            removed.Should().ContainSingle().Which.Should().BeEquivalentTo((user.Name, (IReadOnlyList<string>)[$"file {place}/{told}"], (string?)null));
            (await RunAsync("find", place, "-uid", Text(user.Id))).Should().BeEmpty();
        }
        finally
        {
            await RunAsync("rm", "-rf", place);
        }
    }

    /// <summary>As a database in a container that runs as user 999 there, where the host has given that number to a user of VMs.</summary>
    [Fact(Timeout = 60_000)]
    public async Task Processes_of_a_container_with_the_users_number_are_left_alone_and_those_that_the_user_hides_are_not()
    {
        var user = _pool.Users[0];
        await TakeAsync("a");
        var containers = await ReadyAsync("unshare", "--pid", "--fork", "--kill-child", "setpriv", "--reuid", $"{user.Id}", "--regid", $"{user.Group}", "--clear-groups", "sh", "-c", "echo ready; exec cat");
        var hidden = await ReadyAsync("setpriv", "--reuid", $"{user.Id}", "--regid", $"{user.Group}", "--clear-groups", "unshare", "--user", "--pid", "--fork", "--kill-child", "sh", "-c", "echo ready; exec cat");
        Directory.Delete(Clone("a").Value);

        var removed = await Users().CollectAsync(dryRun: false, default);

        await hidden.WaitForExitAsync(TestContext.Current.CancellationToken);
        removed.Should().ContainSingle().Which.Failure.Should().BeNull();
        containers.HasExited.Should().BeFalse();
        containers.StandardInput.WriteLine("still there");
        (await containers.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).Should().Be("still there");
        (await TakeAsync("b"))!.Name.Should().Be("g1", "a process of the same number could be reached by a QEMU that was taken over");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_host_that_cannot_give_users_gives_none_and_refuses_only_where_they_are_demanded()
    {
        var none = new VmUserChoice(null, "there are none");
        var claims = _directory.Child("claims");
        var optional = new VmUsers(UserPerVm.Auto, () => none, claims, TimeProvider.System);
        var demanded = new VmUsers(UserPerVm.Required, () => none, claims, TimeProvider.System);

        optional.EnsureAsDemanded();
        optional.HasFree().Should().BeTrue();
        (await optional.TryTakeAsync(Clone("a"), default)).Should().BeNull();
        (await optional.CollectAsync(dryRun: false, default)).Should().BeEmpty();
        Directory.Exists(claims.Value).Should().BeFalse("the place of the claims is root's, and an ordinary user may not even look there");
        demanded.Invoking(users => users.EnsureAsDemanded()).Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.VmUserImpossible);
    }

    private VmUsers Users() => new(UserPerVm.Auto, () => new VmUserChoice(_pool, null), _directory.Child("claims"), TimeProvider.System);

    private AbsolutePath Clone(string name) => _directory.Child(name);

    private Task<VmUser?> TakeAsync(string clone)
    {
        Directory.CreateDirectory(Clone(clone).Value);
        return Users().TryTakeAsync(Clone(clone), TestContext.Current.CancellationToken);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.Should().Be(0, $"{program} {string.Join(' ', arguments)}");
        return said;
    }

    /// <summary>A process that has said "ready".</summary>
    private async Task<Process> ReadyAsync(string program, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _processes.Add(process);
        (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).Should().Be("ready");
        return process;
    }

    private Process Sleep(VmUser user)
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "only root starts a process of another user");
        var process = Process.Start("setpriv", ["--reuid", Text(user.Id), "--clear-groups", "sleep", "1000"]);
        _processes.Add(process);
        SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{process.Id}/cmdline").StartsWith("sleep", StringComparison.Ordinal), TimeSpan.FromSeconds(20)).Should().BeTrue();
        return process;
    }

    private string Leave(VmUser user)
    {
        var file = Path.Combine("/tmp", $"vmx-left-{Guid.NewGuid():N}");
        File.WriteAllText(file, "left");
        _files.Add(file);
        using var chown = Process.Start("chown", [Text(user.Id), file]);
        chown.WaitForExit();
        chown.ExitCode.Should().Be(0);
        return file;
    }

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
