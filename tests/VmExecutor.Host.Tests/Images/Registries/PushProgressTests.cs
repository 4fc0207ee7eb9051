using System.Text;
using FluentAssertions;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images.Registries;
using Xunit;

namespace VmExecutor.Host.Tests.Images.Registries;

public sealed class PushProgressTests : IDisposable
{
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-blobs-").FullName);
    private readonly List<TransferAmount> _shown = [];

    public void Dispose() => Directory.Delete(_directory.Value, recursive: true);

    [Fact]
    public void Blobs_before_the_last_six_that_skopeo_has_begun_with_are_done()
    {
        var layout = new BlobDirectory(_directory);
        layout.Begin();
        var names = Enumerable.Range(1, 10).Select(number => $"{number:x64}").ToList();
        names.ForEach(name => File.WriteAllBytes(layout.PathOf(name).Value, new byte[1 << 20]));
        var progress = new PushProgress(layout, "pushing", _shown.Add);

        // As skopeo 1.9 writes it, in pieces that end anywhere.
        var text = $"Getting image source signatures\n{string.Concat(names.Select(name => $"Copying blob sha256:{name}\n"))}Copying config sha256:{names[0]}\nWriting manifest to image destination\n";
        foreach (var piece in text.Chunk(7))
        {
            progress.Hear(Encoding.ASCII.GetBytes(piece));
        }

        _shown.Select(amount => amount.Detail).Should().Equal(
            [.. Enumerable.Repeat("0KiB of 10MiB", 6), "1MiB of 10MiB", "2MiB of 10MiB", "3MiB of 10MiB", "4MiB of 10MiB"]);
    }
}
