using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Health;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Health;

/// <summary>swtpm's certificate authority as libvirt's user finds it: real directories with other owners.</summary>
public sealed class TpmFilesTests : IDisposable
{
    private const uint Nobody = 65534;
    private const uint Root = 0;

    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-tpm-").FullName;

    public TpmFilesTests()
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "this needs root, who can give files to others");
        File.SetUnixFileMode(_directory, (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(PathOf("etc/libvirt"));
        File.WriteAllText(PathOf("etc/libvirt/qemu.conf"), "# swtpm_user = \"root\"\nswtpm_user = \"nobody\"\nswtpm_group = \"nogroup\"\n");
        File.WriteAllText(PathOf("etc/swtpm-localca.conf"), $"statedir = {Authority}\nsigningkey = {Authority}/signkey.pem\ncertserial = {Authority}/serial\n");
        Directory.CreateDirectory(Authority.Value);
        Give("", Nobody, "750");
        foreach (var file in new[] { ".lock.swtpm-localca", "serial", "signkey.pem", "issuercert.pem" })
        {
            File.WriteAllText(Authority.Child(file).Value, "");
            Give(file, Nobody, "640");
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private AbsolutePath Authority => new(PathOf("localca"));

    private TpmFiles Files => new(new ToolRunner(new ToolEnvironment(new Dictionary<string, string>()), TimeProvider.System), new AbsolutePath(PathOf("etc")), new ToolEnvironment(new Dictionary<string, string> { ["PATH"] = PathOf("bin") }));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task An_authority_of_swtpms_own_user_can_be_used() =>
        (await Files.LookAsync(Cancellation)).Should().Be(new Core.Health.TpmAuthority("nobody", Authority));

    [Theory(Timeout = 60_000)]
    [InlineData("", Root, "750", "", "owner 0, mode 750")]
    [InlineData("", Root, "755", "", "owner 0, mode 755")]
    [InlineData("", Nobody, "550", "", "owner 65534, mode 550")]
    [InlineData(".lock.swtpm-localca", Root, "755", ".lock.swtpm-localca", "owner 0, mode 755")]
    [InlineData("serial", Root, "644", "serial", "owner 0, mode 644")]
    [InlineData("signkey.pem", Root, "640", "signkey.pem", "owner 0, mode 640")]
    [InlineData("issuercert.pem", Root, "644", null, null)]
    [InlineData(".lock.swtpm-localca", Root, "666", null, null)]
    public async Task A_file_of_another_owner_is_found_where_swtpm_needs_it(string file, uint owner, string mode, string? refused, string? found)
    {
        Give(file, owner, mode);

        var look = await Files.LookAsync(Cancellation);

        look.Refused?.Value.Should().Be(refused is null ? null : Path.TrimEndingDirectorySeparator(Path.Combine(Authority.Value, refused)));
        (look.Refused is null).Should().Be(refused is null);
        look.RefusedMode.Should().Be(found);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_may_be_read_by_way_of_the_users_group()
    {
        Give("signkey.pem", Root, "640");
        FileOwner.Change(Authority.Child("signkey.pem").Value, Root, Nobody);

        (await Files.LookAsync(Cancellation)).Refused.Should().BeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_directory_that_is_not_there_is_named()
    {
        Directory.Delete(Authority.Value, recursive: true);

        var look = await Files.LookAsync(Cancellation);

        (look.Refused, look.RefusedMode).Should().Be((Authority, null));
    }

    [Fact(Timeout = 60_000)]
    public async Task Root_may_use_all_of_it()
    {
        File.WriteAllText(PathOf("etc/libvirt/qemu.conf"), "swtpm_user = '+0'\n");
        Give(".lock.swtpm-localca", Nobody, "400");

        (await Files.LookAsync(Cancellation)).Should().Be(new Core.Health.TpmAuthority("root", Authority));
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_a_setting_it_is_tss_where_that_user_exists_else_root()
    {
        File.Delete(PathOf("etc/libvirt/qemu.conf"));
        var hasTss = File.ReadLines("/etc/passwd").Any(line => line.StartsWith("tss:", StringComparison.Ordinal));

        (await Files.LookAsync(Cancellation)).User.Should().Be(hasTss ? "tss" : "root");
    }

    [Fact]
    public void Programs_are_looked_for_where_libvirtd_finds_them()
    {
        Files.MissingPrograms().Should().Equal("swtpm", "swtpm_setup");

        Directory.CreateDirectory(PathOf("bin"));
        File.WriteAllText(PathOf("bin/swtpm"), "");

        Files.MissingPrograms().Should().Equal("swtpm_setup");
    }

    private string PathOf(string name) => Path.Combine(_directory, name);

    private void Give(string file, uint owner, string mode)
    {
        var path = file.Length == 0 ? Authority.Value : Authority.Child(file).Value;
        FileOwner.Change(path, owner, owner);
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
    }
}
