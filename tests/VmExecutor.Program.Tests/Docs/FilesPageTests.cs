using System.Reflection;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>docs/files.md names the files that the code makes: each table is compared with the names in the code, both ways.</summary>
public sealed class FilesPageTests
{
    private static readonly FilesPage Files = FilesPage.Read(Page.Root);

    [Fact]
    public void The_table_of_a_jobs_directory_has_every_file_of_it_and_no_other() =>
        Files.Names("A job's directory").Select(name => name.Replace("<disk>", "").Replace("<process>", "").TrimEnd('…').TrimEnd('/'))
            .Should().BeEquivalentTo(JobFiles.All.Select(file => file.Name));

    [Fact]
    public void The_table_of_a_jobs_directory_says_of_each_secret_that_only_its_owner_may_look_in()
    {
        var lines = File.ReadAllLines(Path.Combine(Page.Root, "docs/files.md"));

        foreach (var secret in JobFiles.All.Where(file => file.IsSecret))
        {
            lines.Should().ContainSingle(line => (line.StartsWith($"| `{secret.Name}`", StringComparison.Ordinal) || line.StartsWith($"| `{secret.Name}/", StringComparison.Ordinal)) && (line.Contains("0600", StringComparison.Ordinal) || line.Contains("0700", StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData("job.json.0123456789abcdef0123456789abcdef.tmp")]
    [InlineData("id_ed25519.pub")]
    [InlineData("known_hosts.old")]
    [InlineData("console.log.12")]
    [InlineData("ssh.sock.a1B2c3D4e5F6g7H8")]
    public void The_table_of_derived_names_has_those_that_gc_knows(string name)
    {
        JobFiles.IsOurs(name).Should().BeTrue();
        Files.Find($"<state_dir>/jobs/abc-1-0f3c2a/{name}").Should().NotBeNull();
    }

    [Fact]
    public void The_table_of_derived_names_has_no_others() => Files.Names("Names derived from its names").Should().HaveCount(5, "each has a line of the test above");

    [Fact]
    public void The_table_of_the_state_directory_has_every_name_in_it_and_no_other()
    {
        var names = Files.Names("The state directory");

        names.Where(name => name[0] != '<').Select(name => name.Replace(".<number>", "").Split('/')[0]).Distinct()
            .Should().BeEquivalentTo(Constants(typeof(StateFiles)).Select(name => name.Split('/')[0]));
        names.Should().Contain(StateFiles.Log);
    }

    [Fact]
    public void The_table_of_the_locks_has_every_lock_and_no_other() => Files.Names("Locks").Should().BeEquivalentTo(Constants(typeof(LockFiles)));

    [Fact]
    public void The_table_of_an_image_has_every_name_of_it_and_no_other()
    {
        var image = ImagePaths.For(new("/s"), new("debian"));
        string[] generation = ["", Generation.RecordName, Generation.DomainName, Generation.ManifestName, Generation.ArtifactName, $"<disk>{Generation.DiskEnding}", FrozenDomain.KernelRole, FrozenDomain.InitrdRole, FrozenDomain.NvramRole, $"{ImagePaths.TemplatesName}/"];

        Files.Names("A published image").Should().BeEquivalentTo(
        [
            image.Current.Name, image.PublishFailure.Name, $"{image.Download.Name}/", image.BuildLog.Name, $"{image.Build.Name}/…", $"{image.Blobs.Name}/", $"{image.Pull.Name}/…", $"{image.Push.Name}/…",
            .. generation.Select(name => $"<generation>/{name}"),
            $"{HalfMadeName.Making}<generation>-<8 hex>/…", $"{HalfMadeName.Removing}<generation>-<8 hex>/…",
        ]);
        Files.Find(image.Half(HalfMadeName.Removing, 3, HalfMadeName.Digits(Guid.NewGuid())).Value, ("<state_dir>", "/s")).Should().NotBeNull();
        Files.Find(image.Gone(HalfMadeName.Digits(Guid.NewGuid())).Value, ("<state_dir>", "/s")).Should().NotBeNull();
    }

    [Fact]
    public void The_table_of_a_template_has_every_name_of_it_and_no_other()
    {
        string[] files = ["", Template.RecordName, Template.DomainName, Template.RamName, Template.StateName, "<disk>.qcow2", TemplateRole.Nvram, TemplateRole.Seed, TemplateRole.Login];

        Files.Names("A template").Should().BeEquivalentTo(
            [.. files.Select(name => $"<fingerprint>/{name}"), $"{HalfMadeName.Making}<8 hex>/…", $"{HalfMadeName.Removing}<fingerprint>-<8 hex>/…"]);
    }

    [Fact]
    public void The_table_of_a_download_has_every_name_of_it_and_no_other() =>
        Files.Names("A download").Should().BeEquivalentTo(Constants(typeof(DownloadFiles)).Select(ending => $"<16 hex>{ending}"));

    [Fact]
    public void The_table_of_kept_scripts_has_every_name_of_them()
    {
        Files.Names("Kept scripts").Should().BeEquivalentTo("<job key>/", $"<job key>/{KeptJob.RecordName}", "<job key>/<number>-<sub-stage>");
        Files.Find($"<state_dir>/{StateFiles.KeptScripts}/abc-1-0f3c2a/{KeptScript.FileName(3, "build_script")}").Should().NotBeNull();
    }

    [Theory]
    [InlineData("<state_dir>/jobs/abc-1-0f3c2a/thesis.tex")]
    [InlineData("<state_dir>/jobs/abc-1-0f3c2a/vda.disk")]
    [InlineData("<state_dir>/notes")]
    [InlineData("<state_dir>/jobs/.new-abc-1-0f3c2a")]
    [InlineData("<state_dir>/images/debian/3/warm/ram.img/x")]
    [InlineData("/var/log/libvirt/qemu/vmx-abc.txt")]
    public void A_file_that_is_never_made_is_in_no_table(string path) => Files.Find(path).Should().BeNull();

    private static IEnumerable<string> Constants(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
}
