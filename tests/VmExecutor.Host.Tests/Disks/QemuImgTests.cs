using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Processes;
using Xunit;

namespace VmExecutor.Host.Tests.Disks;

/// <summary>Against the installed qemu-img; what was made is looked at with a qemu-img of the test's own.</summary>
public sealed class QemuImgTests : IDisposable
{
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-disks").FullName);
    private readonly QemuImg _qemuImg = new(new ToolRunner(new ToolEnvironment(Environment()), TimeProvider.System));

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task An_overlay_on_a_chain_names_base_and_format_and_has_the_bases_size()
    {
        var bottom = Make("bottom.raw", "raw", "64M");
        Run("create", "-q", "-f", "qcow2", "-F", "raw", "-b", bottom.Value, _directory.Child("top.qcow2").Value);
        var top = _directory.Child("top.qcow2");

        var chain = await _qemuImg.InspectAsync(top, null, CancellationToken.None);
        await _qemuImg.CreateOverlayAsync(_directory.Child("vda.qcow2"), chain, null, CancellationToken.None);

        chain.Files.Select(file => (file.Path, file.Format)).Should().Equal((top, "qcow2"), (bottom, "raw"));
        chain.VirtualSize.Should().Be(ByteSize.FromMebibytes(64));
        var info = Run("info", "--output=json", _directory.Child("vda.qcow2").Value);
        info.Should().Contain($"\"full-backing-filename\": \"{top}\"").And.Contain("\"backing-filename-format\": \"qcow2\"").And.Contain("\"virtual-size\": 67108864");
        Run("check", _directory.Child("vda.qcow2").Value).Should().Contain("No errors");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_overlay_may_be_larger_than_its_base()
    {
        var chain = await _qemuImg.InspectAsync(Make("base.qcow2", "qcow2", "64M"), null, CancellationToken.None);

        await _qemuImg.CreateOverlayAsync(_directory.Child("vda.qcow2"), chain, ByteSize.FromMebibytes(256), CancellationToken.None);

        Run("info", "--output=json", _directory.Child("vda.qcow2").Value).Should().Contain("\"virtual-size\": 268435456");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_overlay_of_a_100_GiB_base_takes_less_than_a_mebibyte()
    {
        var chain = await _qemuImg.InspectAsync(Make("huge.qcow2", "qcow2", "100G"), null, CancellationToken.None);

        await _qemuImg.CreateOverlayAsync(_directory.Child("vda.qcow2"), chain, null, CancellationToken.None);

        new FileInfo(_directory.Child("vda.qcow2").Value).Length.Should().BeLessThan(1 << 20);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_raw_base_named_raw_is_never_taken_for_what_its_content_says()
    {
        var disguised = Make("disguised.raw", "qcow2", "1M");

        (await _qemuImg.InspectAsync(disguised, "raw", CancellationToken.None)).Top.Format.Should().Be("raw");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_base_whose_content_lies_in_another_file_is_refused()
    {
        var disk = _directory.Child("split.qcow2");
        Run("create", "-q", "-f", "qcow2", "-o", $"data_file={_directory.Child("content.raw")}", disk.Value, "1M");

        var inspect = () => _qemuImg.InspectAsync(disk, null, CancellationToken.None);

        (await inspect.Should().ThrowAsync<BaseDiskException>()).WithMessage("*data_file*");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_path_that_looks_like_an_option_or_a_protocol_is_a_path()
    {
        var odd = Make("-f 'x' $(id) ümlaut.qcow2", "qcow2", "1M");

        var chain = await _qemuImg.InspectAsync(odd, "qcow2", CancellationToken.None);
        await _qemuImg.CreateOverlayAsync(_directory.Child("vda.qcow2"), chain, null, CancellationToken.None);

        chain.Top.Path.Should().Be(odd);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_missing_base_is_named_with_what_to_do()
    {
        var failure = await FailureAsync(_directory.Child("nowhere.qcow2"));

        failure.Code.Should().Be(ErrorCodes.BaseDiskUnusable);
        failure.Message.Should().Contain("nowhere.qcow2").And.Contain("does not exist");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_chain_whose_backing_file_is_missing_is_unusable_and_the_message_names_both()
    {
        var bottom = Make("gone.qcow2", "qcow2", "1M");
        var top = _directory.Child("top.qcow2");
        Run("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", bottom.Value, top.Value);
        File.Delete(bottom.Value);

        var failure = await FailureAsync(top);

        failure.Message.Should().Contain("top.qcow2").And.Contain("gone.qcow2");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_is_no_qcow2_although_it_should_be_is_unusable()
    {
        await File.WriteAllTextAsync(_directory.Child("text.qcow2").Value, "not a disk");

        var inspect = () => _qemuImg.InspectAsync(_directory.Child("text.qcow2"), "qcow2", CancellationToken.None);

        (await inspect.Should().ThrowAsync<BaseDiskException>()).Which.Code.Should().Be(ErrorCodes.BaseDiskUnusable);
    }

    private async Task<SystemFailureException> FailureAsync(AbsolutePath disk)
    {
        var inspect = () => _qemuImg.InspectAsync(disk, null, CancellationToken.None);
        var failure = (await inspect.Should().ThrowAsync<BaseDiskException>()).Which;
        failure.Hint.Should().NotBeEmpty();
        return failure;
    }

    private AbsolutePath Make(string name, string format, string size)
    {
        var path = _directory.Child(name);
        Run("create", "-q", "-f", format, "--", path.Value, size);
        return path;
    }

    private static string Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("qemu-img", arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.Should().Be(0, "qemu-img {0}", string.Join(' ', arguments));
        return output;
    }

    private static Dictionary<string, string> Environment() => new() { ["PATH"] = System.Environment.GetEnvironmentVariable("PATH")! };
}
