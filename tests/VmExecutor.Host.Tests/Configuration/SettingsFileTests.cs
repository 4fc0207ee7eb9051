using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Host.Tests.Configuration;

/// <summary>With real files in a directory of the test's own.</summary>
public sealed class SettingsFileTests : IDisposable
{
    private const string Image = "source: domain\ndomain: base\nssh: {user: ci, key: key}\n";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vmx-config-");

    private AbsolutePath Main => new(Path.Combine(_directory.FullName, "vm-executor.yaml"));

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void The_settings_and_the_images_beside_them_are_read_in_the_order_of_their_names()
    {
        Write("vm-executor.yaml", "state_dir: state");
        Write("images/b.yaml", Image);
        Write("images/B.yaml", Image + "name: upper");
        Write("images/a.yaml", Image);

        var settings = Load().Settings;

        settings.File.Should().Be(Main);
        settings.StateDir.Should().Be(Main.Parent().Child("state"));
        settings.Images.Select(image => image.Name.Value).Should().Equal("upper", "a", "b");
        settings.Images[1].Ssh.Key.Should().Be(Main.Parent().Child("images").Child("key"));
    }

    [Fact]
    public void The_directory_of_the_images_can_be_elsewhere()
    {
        Write("vm-executor.yaml", "images_dir: other");
        Write("other/a.yaml", Image);
        Write("images/b.yaml", "not: [read");

        Load().Settings.Images.Should().ContainSingle();
    }

    [Fact]
    public void Files_of_editors_and_other_programs_are_left_alone()
    {
        Write("vm-executor.yaml", "");
        Write("images/a.yaml", Image);
        Write("images/README.md", "x");
        Write("images/.git/x.yaml", "x");
        Write("images/keys/id_ed25519", "x");
        Directory.CreateDirectory(Path.Combine(_directory.FullName, "images", "old.yaml"));

        var result = Load();

        result.Settings.Images.Should().ContainSingle();
        result.Warnings.Should().ContainSingle().Which.Key.Should().Be("ssh.host_key");
    }

    [Theory]
    [InlineData("images/.a.yaml.swp")]
    [InlineData("images/.#a.yaml")]
    [InlineData("images/a.yaml~")]
    [InlineData("images/a.yaml.dpkg-dist")]
    [InlineData("images/prod/b.yaml")]
    [InlineData("images/prod/more/b.yaml")]
    public void A_file_that_looks_like_an_image_and_is_not_read_is_mentioned(string name)
    {
        Write("vm-executor.yaml", "");
        Write("images/a.yaml", Image);
        Write(name, "not: [an image");

        var result = Load();

        result.Settings.Images.Should().ContainSingle();
        result.Warnings.Should().ContainSingle(warning => warning.File.Value == Path.Combine(_directory.FullName, name) && warning.Message.StartsWith("is not read: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Links_that_lead_in_a_circle_and_many_files_do_no_harm()
    {
        Write("vm-executor.yaml", "");
        Write("images/a.yaml", Image);
        Write("images/prod/b.yaml", "x");
        Write("images/prod/c.yaml", "x");
        File.CreateSymbolicLink(Path.Combine(_directory.FullName, "images", "prod", "up"), Path.Combine(_directory.FullName, "images"));

        Load().Warnings.Should().ContainSingle(warning => warning.Message.Contains("as 1 more in"));
    }

    [Fact]
    public void A_file_with_another_ending_of_YAML_is_reported()
    {
        Write("vm-executor.yaml", "");
        Write("images/a.yaml", Image);
        Write("images/b.yml", Image);

        Load().Warnings.Should().Contain(warning => warning.File.Name == "b.yml" && warning.Message.StartsWith("is not read", StringComparison.Ordinal));
    }

    [Fact]
    public void A_missing_directory_of_images_is_a_warning()
    {
        Write("vm-executor.yaml", "");

        var result = Load();

        result.Settings.Images.Should().BeEmpty();
        result.Warnings.Should().ContainSingle().Which.Message.Should().StartWith($"the directory {_directory.FullName}/images does not exist");
    }

    [Fact]
    public void Errors_of_all_files_come_at_once()
    {
        Write("vm-executor.yaml", "stat_dir: x");
        Write("images/a.yaml", Image + "cpus: x");
        Write("images/b.yaml", "x: 'y");

        FluentActions.Invoking(() => Load()).Should().Throw<ConfigurationException>().Which.Errors
            .Select(error => error.File.Name).Should().Equal("vm-executor.yaml", "a.yaml", "b.yaml");
    }

    [Theory]
    [InlineData(SettingsPathOrigin.Option, "named by --config", "Correct --config, or create the file from config/vm-executor.yaml.")]
    [InlineData(SettingsPathOrigin.Variable, "named by VM_EXECUTOR_CONFIG", "Correct VM_EXECUTOR_CONFIG, or create the file from config/vm-executor.yaml.")]
    [InlineData(
        SettingsPathOrigin.Default,
        "the default, since neither --config nor VM_EXECUTOR_CONFIG names a file",
        "Create it from config/vm-executor.yaml, or name another file by --config or VM_EXECUTOR_CONFIG.")]
    public void A_missing_file_is_told_with_who_named_it(SettingsPathOrigin origin, string because, string hint)
    {
        var exception = Failure(new SettingsPath(Main, origin));

        exception.Message.Should().Be($"the configuration file {Main} does not exist ({because})");
        exception.Hint.Should().Be(hint);
    }

    [Fact]
    public void A_file_in_a_missing_directory_is_missing() =>
        Failure(Named(new AbsolutePath("/nonexistent/vm-executor.yaml"))).Message.Should().Contain("does not exist");

    [Fact]
    public void A_directory_instead_of_the_file_is_called_one()
    {
        var exception = Failure(Named(Main.Parent()));

        exception.Message.Should().Be($"the configuration file {Main.Parent()} (named by --config) cannot be read: it is a directory");
        exception.Hint.Should().Contain($"namei -l {Main.Parent()}");
    }

    [Fact]
    public void An_image_that_is_a_dangling_link_is_named()
    {
        Write("vm-executor.yaml", "");
        Write("images/a.yaml", Image);
        File.CreateSymbolicLink(Path.Combine(_directory.FullName, "images", "b.yaml"), "/nonexistent/b.yaml");

        Failure(Named(Main)).Message.Should().StartWith($"the image's file {_directory.FullName}/images/b.yaml cannot be read: ");
    }

    [Fact]
    public void A_file_in_place_of_the_directory_of_images_is_named()
    {
        Write("vm-executor.yaml", "images_dir: vm-executor.yaml");

        Failure(Named(Main)).Message.Should().Be($"the directory of the images {Main} (images_dir) cannot be read: it is a file");
    }

    [Fact]
    public void A_huge_file_is_not_read_to_its_end()
    {
        using (var file = File.Create(Main.Value))
        {
            file.SetLength(1L << 40);
        }

        FluentActions.Invoking(() => Load()).Should().Throw<ConfigurationException>().WithMessage("*:1:1: is larger than 1 MiB*");
    }

    [Fact]
    public void A_file_in_another_encoding_is_refused_where_that_shows()
    {
        File.WriteAllBytes(Main.Value, [.. "# k\nstate_dir: /h"u8, 0xe4, .. "user\n"u8]);

        FluentActions.Invoking(() => Load()).Should().Throw<ConfigurationException>().WithMessage("*:2:14: is not UTF-8 text here; save the file as UTF-8");
    }

    private static SettingsPath Named(AbsolutePath file) => new(file, SettingsPathOrigin.Option);

    private static SystemFailureException Failure(SettingsPath path)
    {
        var exception = FluentActions.Invoking(() => SettingsFile.Load(path)).Should().Throw<SystemFailureException>().Which;
        exception.Code.Should().Be(ErrorCodes.ConfigurationMissing);
        return exception;
    }

    private ConfigurationResult Load() => SettingsFile.Load(Named(Main));

    private void Write(string name, string text)
    {
        var file = new FileInfo(Path.Combine(_directory.FullName, name));
        file.Directory!.Create();
        File.WriteAllText(file.FullName, text);
    }
}
