using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Per-job login with templates: a template has a key of its own, and none of its clones lets it in.</summary>
[AlwaysCold("it makes templates of its own")]
public sealed class WarmLoginTests(TestMachine machine) : WarmTest(machine)
{
    [Theory(Timeout = 2 * HangLimit)]
    [InlineData("cloud-init", 451)]
    [InlineData("systemd-credentials", 452, Explicit = true)]
    public async Task The_jobs_key_gets_in_and_the_templates_does_not(string login, int id)
    {
        Bench.With(new ImageYaml { Login = login, IsWarm = true });
        var (exitCode, output, error) = await Bench.CommandAsync("image", "publish", "small", "--warm");
        exitCode.Should().Be(0, output + error);
        var session = await PrepareAsync(id);
        var record = JobRecord(id);
        var own = Path.Combine(JobDirectory(id), "id_ed25519");
        var templates = Directory.GetFiles(WarmImages.TemplateIn(Path.Combine(Bench.StateDirectory, "images")), "login").Should().ContainSingle().Which;

        var (mine, said, _) = await LogInAsync(id, own);
        var (others, _, refusal) = await LogInAsync(id, templates);
        var authorized = await SaysAsync(session, "cat ~/.ssh/authorized_keys");
        await CleanUpAsync(session);

        record.GetProperty("start").GetString().Should().Be("warm", session.Trace.ToString());
        record.GetProperty("guest").GetProperty("key_file").GetString().Should().Be(own);
        (mine, said).Should().Be((0, "in\n"));
        others.Should().Be(255, "it must not get in");
        refusal.Should().Contain("Permission denied");
        var key = (await HostCommand.OutputAsync("ssh-keygen", "-y", "-f", templates)).Split(' ')[1];
        authorized.Should().NotContain(key);
        WarmProof.Cold(Bench.StateDirectory).Should().BeEmpty();
    }

    /// <summary>By hand, with nothing but this key, and the host keys that the job knows.</summary>
    private Task<(int ExitCode, string Output, string Error)> LogInAsync(int id, string key)
    {
        var guest = JobRecord(id).GetProperty("guest");
        return HostCommand.TryAsync(
            "ssh", "-F", "none", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes", "-o", $"HostKeyAlias={Domain(id)}",
            "-o", $"UserKnownHostsFile={Path.Combine(JobDirectory(id), "known_hosts")}", "-o", "StrictHostKeyChecking=yes", "-p", $"{guest.GetProperty("port").GetInt32()}",
            $"ci@{guest.GetProperty("host").GetString()}", "echo in");
    }
}
