using System.Text;
using System.Text.RegularExpressions;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images.Registries;

/// <summary>
/// The progress of a push. skopeo tells no amounts where it has no terminal, but a line for each blob that it begins with: <c>Copying blob sha256:…</c>. It works on six at once
/// (maxParallelDownloads of containers/image), so those before the last six are done. There is no speed: it does not tell which of them the registry had already.
/// </summary>
/// <param name="layout">Has the blobs, whose lengths count.</param>
/// <param name="what">The action, in words.</param>
/// <param name="show">Told after each line.</param>
internal sealed partial class PushProgress(BlobDirectory layout, string what, Action<TransferAmount> show)
{
    private const int AtOnce = 6;
    private const int LongestLine = 1000;

    private readonly Queue<long> _underWay = new();
    private readonly long _total = layout.Length();
    private string _rest = "";
    private long _done;

    /// <param name="piece">Of what skopeo says; a line may come in several.</param>
    public void Hear(ReadOnlyMemory<byte> piece)
    {
        var lines = (_rest + Encoding.ASCII.GetString(piece.Span)).Split('\n');
        _rest = lines[^1].Length <= LongestLine ? lines[^1] : "";
        foreach (var line in lines[..^1])
        {
            if (Blob().Match(line) is { Success: true } blob)
            {
                Begin(blob.Groups[1].Value);
            }
        }
    }

    private void Begin(string hex)
    {
        _underWay.Enqueue(FileStat.TryRead(layout.PathOf(hex))?.Bytes ?? 0);
        if (_underWay.Count > AtOnce)
        {
            _done += _underWay.Dequeue();
        }

        show(TransferText.Amount(what, _done, _total, bytesPerSecond: null));
    }

    [GeneratedRegex("^Copying blob sha256:([0-9a-f]{64})")]
    private static partial Regex Blob();
}
