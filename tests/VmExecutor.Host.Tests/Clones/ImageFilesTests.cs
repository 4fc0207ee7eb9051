using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

public sealed class ImageFilesTests : IDisposable
{
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-image-files").FullName);

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    [Fact]
    public void Files_that_are_all_there_are_no_problem()
    {
        ImageFiles.EnsureUsable(Image("key", "disk", "kernel", "initrd"), generation: null);
    }

    [Fact]
    public void All_missing_files_are_named_at_once_with_their_keys()
    {
        var look = () => ImageFiles.EnsureUsable(Image("disk"), generation: null);

        var failure = look.Should().Throw<SystemFailureException>().Which;
        failure.Code.Should().Be(ErrorCodes.ImageFileUnusable);
        failure.Message.Should().Contain($"ssh.key {_directory}/key does not exist").And.Contain($"kernel {_directory}/kernel does not exist").And.Contain("initrd").And.NotContain("/disk");
        failure.Hint.Should().Contain("base.yaml");
    }

    [Fact]
    public void A_directory_in_a_files_place_is_named()
    {
        Directory.CreateDirectory(_directory.Child("disk").Value);

        ImageFiles.Problems(Image("key", "kernel", "initrd")).Should().ContainSingle().Which.Should().StartWith($"file {_directory}/disk cannot be read");
    }

    [Fact]
    public void Faults_that_only_matter_for_publishing_are_named_beforehand_and_stop_no_job()
    {
        var image = Image("key", "disk", "kernel", "initrd") with { Publish = new PublishSettings { Probe = _directory.Child("probe") } };

        ImageFiles.Problems(image).Should().Equal($"publish.probe {_directory}/probe does not exist");
        ImageFiles.EnsureUsable(image, generation: null);
    }

    [Fact]
    public void A_warm_up_script_counts_where_clones_start_warm()
    {
        var image = Image("key", "disk", "kernel", "initrd") with { Warm = new WarmSettings { Script = _directory.Child("warm-up") } };

        ImageFiles.Problems(image).Should().BeEmpty();
        ImageFiles.Problems(image with { Warm = image.Warm with { Enabled = true } }).Should().Equal($"warm.script {_directory}/warm-up does not exist");
    }

    private ImageDefinition Image(params string[] existing)
    {
        foreach (var name in existing)
        {
            File.WriteAllText(_directory.Child(name).Value, name);
        }

        return new ImageDefinition
        {
            File = _directory.Child("base.yaml"),
            Name = new ImageName("base"),
            Ssh = new SshSettings { User = "ci", Key = _directory.Child("key") },
            Source = new ImageSource.DiskFile(_directory.Child("disk"))
            {
                Kernel = new DirectKernelBoot(_directory.Child("kernel"), _directory.Child("initrd"), ""),
            },
        };
    }
}
