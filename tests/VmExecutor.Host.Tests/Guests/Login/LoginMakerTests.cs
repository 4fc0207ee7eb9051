using System.Text;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests.Login;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Guests.Login;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Guests.Login;

/// <summary>With the real ssh-keygen and xorriso.</summary>
public sealed class LoginMakerTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly ToolRunner Tools = new(new ToolEnvironment(new Dictionary<string, string>()), TimeProvider.System);

    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("vmx-login-");

    public void Dispose() => _state.Delete(recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task A_seed_has_the_label_and_the_files_that_cloud_init_looks_for_and_is_its_owners_alone()
    {
        Prerequisite.Require(File.Exists("/usr/bin/xorrisofs"), "xorriso is not installed: apt-get install xorriso");
        var plan = Plan(LoginMethod.CloudInit);

        var login = await MakeAsync(plan);

        login.OemStrings.Should().BeEmpty();
        login.Seed.Should().Be(plan.Paths.Seed);
        File.GetUnixFileMode(plan.Paths.Seed.Value).Should().Be(Private);
        Names(plan).Should().Equal("id_ed25519", "id_ed25519.pub", "seed.iso").And.OnlyContain(name => JobFiles.IsOurs(name));
        Encoding.ASCII.GetString(File.ReadAllBytes(plan.Paths.Seed.Value), 32808, 32).TrimEnd().Should().Be("cidata");
        var (user, meta) = (await ReadAsync(plan, "user-data"), await ReadAsync(plan, "meta-data"));
        user.Should().StartWith("#cloud-config\n").And.Contain(PublicKey(plan)).And.Contain(login.HostKey!.ToString()).And.Contain("BEGIN OPENSSH PRIVATE KEY");
        user.Should().NotContain(File.ReadAllLines(plan.LoginKey.Value)[^2], "the key that gets in stays on the host");
        meta.Should().Contain($"local-hostname: \"{plan.Domain}\"");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_string_for_systemd_has_the_public_key_and_there_is_no_host_key()
    {
        var plan = Plan(LoginMethod.SystemdCredentials);

        var login = await MakeAsync(plan);

        login.Seed.Should().BeNull();
        login.HostKey.Should().BeNull();
        var lines = Encoding.ASCII.GetString(Convert.FromBase64String(login.OemStrings.Should().ContainSingle().Which.Split('=', 2)[1]));
        lines.Should().Contain(Convert.ToBase64String(Encoding.ASCII.GetBytes($"{PublicKey(plan)} {plan.Domain}\n")));
        File.GetUnixFileMode(plan.LoginKey.Value).Should().Be(Private);
        Names(plan).Should().Equal("id_ed25519", "id_ed25519.pub");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_baked_key_needs_nothing()
    {
        var plan = Plan(LoginMethod.Baked);

        (await MakeAsync(plan)).Should().BeSameAs(LoginMaterial.None);

        Names(plan).Should().BeEmpty();
    }

    private static Task<LoginMaterial> MakeAsync(ClonePlan plan) => new LoginMaker(Tools).MakeAsync(plan, TestContext.Current.CancellationToken);

    private static async Task<string> ReadAsync(ClonePlan plan, string name)
    {
        var copy = plan.Paths.Directory.Child("copy");
        (await Tools.RunAsync(new ToolCall("xorriso", ["-osirrox", "on", "-indev", plan.Paths.Seed.Value, "-extract", $"/{name}", copy.Value]), TestContext.Current.CancellationToken)).EnsureSuccess();
        var text = await File.ReadAllTextAsync(copy.Value, TestContext.Current.CancellationToken);
        File.Delete(copy.Value);
        return text;
    }

    private static string PublicKey(ClonePlan plan) => string.Join(' ', File.ReadAllText($"{plan.LoginKey}.pub").Split(' ').Take(2));

    private static IEnumerable<string?> Names(ClonePlan plan) =>
        Directory.EnumerateFileSystemEntries(plan.Paths.Directory.Value).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private ClonePlan Plan(LoginMethod method)
    {
        var key = new JobKey("https://gitlab.example.com", "abc", 1);
        var paths = JobPaths.For(new AbsolutePath(_state.FullName), key);
        Directory.CreateDirectory(paths.Directory.Value);
        return new ClonePlan
        {
            Job = new Job { Key = key, Id = 1, Server = "https://gitlab.example.com", Timeout = TimeSpan.FromHours(1) },
            Image = new ImageDefinition
            {
                File = new AbsolutePath("/etc/base.yaml"),
                Name = new ImageName("base"),
                Source = new ImageSource.Domain("base"),
                Ssh = new SshSettings { User = "ci", Login = method },
            },
            Paths = paths,
            CardSeed = "",
        };
    }
}
