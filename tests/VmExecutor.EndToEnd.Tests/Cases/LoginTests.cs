using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// Getting in without a key in the image. The test guest has a stand-in for cloud-init and systemd (config/recipes/small-guest); what the
/// real ones make of the same texts is tested beside the driver (LoginTextTests).
/// </summary>
[AlwaysCold("the machine has a login of each job; WarmLoginTests does the same with a template")]
public sealed class LoginTests(TestMachine machine) : BenchTest(machine)
{
    private const string PublicKey = "id_ed25519.pub";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact(Timeout = HangLimit)]
    public async Task Cloud_init_gives_each_job_keys_of_its_own_and_the_guest_a_host_key_that_is_known_before()
    {
        Bench.With(new ImageYaml { Login = "cloud-init" });
        var (one, two) = (Bench.Open(new SimulatedJob { Id = 71 }), Bench.Open(new SimulatedJob { Id = 72 }));

        var first = await EnterAsync(one, 71);
        var second = await EnterAsync(two, 72);

        first.HostKey.Should().NotBe(Machine.Guest.HostKey, "the image's own is exchanged").And.NotBe(second.HostKey);
        first.Authorized.Should().NotBe(second.Authorized);
        first.SshArguments.Should().Contain("StrictHostKeyChecking=yes").And.NotContain("accept-new");
        File.GetUnixFileMode(Path.Combine(first.Directory, "seed.iso")).Should().Be(Private);
        Directory.Exists(Path.Combine(first.Directory, "seed")).Should().BeFalse("the private host key is in the seed only");
        await LeaveAsync(one, two);
    }

    [Fact(Timeout = HangLimit)]
    public async Task Systemd_credentials_give_each_job_a_key_of_its_own_and_do_not_accept_the_images()
    {
        Bench.With(new ImageYaml { Login = "systemd-credentials" });
        var (one, two) = (Bench.Open(new SimulatedJob { Id = 73 }), Bench.Open(new SimulatedJob { Id = 74 }));

        var first = await EnterAsync(one, 73);
        var second = await EnterAsync(two, 74);

        first.HostKey.Should().Be(Machine.Guest.HostKey, "there is no secret way to give another");
        first.AllAuthorized.Trim().Should().Be(first.Authorized, "the image's key is gone").And.NotBe(second.Authorized);
        first.SshArguments.Should().Contain("StrictHostKeyChecking=yes").And.NotContain("accept-new");
        await LeaveAsync(one, two);
    }

    private sealed record Entered(string Directory, string Authorized, string AllAuthorized, string HostKey, string SshArguments);

    /// <summary>Prepares a job and checks what is the same for both ways.</summary>
    private async Task<Entered> EnterAsync(JobSession session, long id)
    {
        await session.ConfigAsync();
        var prepared = await session.PrepareAsync();
        prepared.ExitCode.Should().Be(0, prepared.ToString());
        var directory = Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"), $"*-{id}-*").Should().ContainSingle().Which;
        var domain = $"vmx-{Path.GetFileName(directory)}";
        var authorized = (await File.ReadAllTextAsync(Path.Combine(directory, PublicKey))).Trim();
        var run = await session.RunAsync("build_script", "hostname; cat /proc/sys/kernel/hostname\ncat /etc/ssh/ssh_host_ed25519_key.pub\necho ---\ncat ~/.ssh/authorized_keys\n");
        run.ExitCode.Should().Be(0, run.ToString());
        var parts = run.OutputText.Split("---\n");
        var told = parts[0].Split('\n');
        told[0].Should().Be(domain);
        told[1].Should().Be(domain);
        parts[1].Should().Contain(authorized);

        var guest = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(directory, "job.json"))).RootElement.GetProperty("guest");
        guest.GetProperty("key_file").GetString().Should().Be(Path.Combine(directory, "id_ed25519"), "the image's key is not used");
        guest.GetProperty("host_keys").EnumerateArray().Select(key => key.GetString()).Should().Equal(KeyIn(told[2]));
        File.GetUnixFileMode(Path.Combine(directory, "id_ed25519")).Should().Be(Private);
        var arguments = await HostCommand.LinesAsync("ps", "-ww", "-eo", "args=");
        var secret = (await File.ReadAllLinesAsync(Path.Combine(directory, "id_ed25519")))[^2];
        arguments.Should().Contain(line => line.Contains($"guest={domain},")).And.NotContain(line => line.Contains(secret) || line.Contains("PRIVATE KEY"));
        return new Entered(directory, authorized, parts[1], KeyIn(told[2]), string.Join('\n', arguments.Where(line => line.Contains($"HostKeyAlias={domain}"))));
    }

    private async Task LeaveAsync(params JobSession[] sessions)
    {
        foreach (var session in sessions)
        {
            var cleanup = await session.CleanupAsync();
            cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        }

        Directory.EnumerateFileSystemEntries(Path.Combine(Bench.StateDirectory, "jobs")).Should().BeEmpty();
    }

    /// <summary>Type and key, without the comment.</summary>
    private static string KeyIn(string line) => string.Join(' ', line.Split(' ').Take(2));
}
