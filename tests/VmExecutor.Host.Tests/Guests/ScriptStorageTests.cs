using System.Globalization;
using System.Text;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>Scripts for a guest whose directory for temporary files takes none of them.</summary>
public sealed class ScriptStorageTests(ScriptStorageTests.Fixture sshd) : IClassFixture<ScriptStorageTests.Fixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, int, string, LoginShell> Places
    {
        get
        {
            var places = new TheoryData<string, int, string, LoginShell>();
            foreach (var shell in Enum.GetValues<LoginShell>())
            {
                places.Add("full", 10, "its file system is full (No space left on device); 0 KiB of 8 KiB are free on ", shell);
                places.Add("part", 6000, "its file system is full (No space left on device); ", shell);
                places.Add("part with busybox", 6000, "its file system is full (No space left on device); ", shell);
                places.Add("full with busybox", 10, "its file system is full (No space left on device); 0 KiB of 8 KiB are free on ", shell);
                places.Add("small", 300_000, "its file system is full (No space left on device); ", shell);
                places.Add("inodeless", 10, "its file system takes no more files, since it has no free inode (No space left on device); 1024 KiB of 1024 KiB are free on ", shell);
                places.Add("ro", 10, "its file system is read-only; ", shell);
                places.Add("gone", 10, "it is not there any more", shell);
            }

            return places;
        }
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Places))]
    public async Task The_failure_names_directory_reason_and_figures(string place, int length, string reason, LoginShell loginShell)
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "run as root: these tests mount file systems");
        var job = sshd.NewJob(place) with { Shell = GuestShell.Sh, LoginShell = loginShell };
        await sshd.Guest.ConnectAsync(job, TimeSpan.FromSeconds(20), _ => Task.CompletedTask, Cancellation);
        try
        {
            var run = () => sshd.Guest.RunScriptAsync(
                job,
                new GuestScript("step_script", Encoding.ASCII.GetBytes(new string('#', length - 1) + "\n")),
                Stream.Null,
                Stream.Null,
                token => Task.Delay(Timeout.InfiniteTimeSpan, token),
                Cancellation);

            var failure = (await run.Should().ThrowAsync<SystemFailureException>()).Which;
            failure.Code.Should().Be(ErrorCodes.GuestCannotRunScripts);
            failure.Message.Should().StartWith($"the script ({(length / 1024) + 1} KiB) could not be stored in the guest {job}")
                .And.Contain($": {sshd.TemporaryDirectory}/{place.Split(' ')[0]}, where scripts are stored: {reason}");
            failure.Hint.Should().StartWith("Scripts could be stored there when the VM was prepared.");
        }
        finally
        {
            await SshdFixture.CloseAsync(job);
        }
    }

    /// <summary>An sshd with a port for each kind of directory, mounted where only the server sees it.</summary>
    public sealed class Fixture : SshdFixture
    {
        private const string Mounts =
            """
            set -e
            cd "$1"; shift
            mkdir full part small inodeless ro
            mount -t tmpfs -o size=8k tmpfs full
            dd if=/dev/zero of=full/fill bs=4k count=2 2>/dev/null
            mount -t tmpfs -o size=8k tmpfs part
            dd if=/dev/zero of=part/fill bs=4k count=1 2>/dev/null
            mount -t tmpfs -o size=100k tmpfs small
            mount -t tmpfs -o size=1m,nr_inodes=2 tmpfs inodeless
            touch inodeless/fill
            mount -t tmpfs -o ro tmpfs ro
            exec "$@"
            """;

        private readonly Dictionary<string, int> _ports = [];

        protected override IReadOnlyList<string> Around =>
            System.Environment.IsPrivilegedProcess ? ["unshare", "-m", "--propagation", "private", "sh", "-c", Mounts, "sh", TemporaryDirectory] : [];

        public GuestAccess NewJob(string place) => NewJob() with { Address = new GuestAddress("127.0.0.1", _ports[place]) };

        protected override string MoreConfiguration()
        {
            var lines = new StringBuilder();
            foreach (var place in (string[])["full", "full with busybox", "part", "part with busybox", "small", "inodeless", "ro", "gone"])
            {
                _ports[place] = FreePort();
                lines.Append(CultureInfo.InvariantCulture, $"ListenAddress 127.0.0.1:{_ports[place]}\n");
            }

            var busybox = Directory.CreateDirectory(In("busybox")).FullName;
            File.CreateSymbolicLink(Path.Combine(busybox, "head"), "/usr/bin/busybox");
            foreach (var (place, port) in _ports)
            {
                var variables = place.Contains(' ', StringComparison.Ordinal) ? Variables.Replace("PATH=", $"PATH={busybox}:", StringComparison.Ordinal) : Variables;
                lines.Append(CultureInfo.InvariantCulture, $"Match LocalPort {port}\n    SetEnv {variables}/{place.Split(' ')[0]}\n");
            }

            return lines.ToString();
        }
    }
}
