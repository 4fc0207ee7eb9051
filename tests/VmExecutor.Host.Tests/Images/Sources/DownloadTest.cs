using System.Collections;
using System.Security.Cryptography;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;

namespace VmExecutor.Host.Tests.Images.Sources;

/// <summary>The common parts of tests of downloads: a directory, a content, and a clock whose waits are short.</summary>
public abstract class DownloadTest : IDisposable
{
    private protected static readonly IReadOnlyDictionary<string, string> Own =
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    private protected DownloadTest()
    {
        Temporary = new AbsolutePath(Directory.CreateTempSubdirectory("vmx-download").FullName);
        Content = RandomNumberGenerator.GetBytes(700_000);
    }

    private protected AbsolutePath Temporary { get; }

    private protected AbsolutePath Cache => Temporary.Child("download");

    private protected byte[] Content { get; }

    private protected List<string> Told { get; } = [];

    private protected AbsolutePath Part => Cache.Child($"{Sha256(Content)[..16]}.part");

    public void Dispose()
    {
        Directory.Delete(Temporary.Value, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private protected static Checksum ChecksumOf(byte[] content) =>
        Checksum.TryParse(ChecksumKind.Sha256, Sha256(content), out var checksum) ? checksum : throw new InvalidOperationException();

    private protected Task<SourceFiles> FetchAsync(Uri address, CancellationToken cancellationToken, byte[]? expected = null, Action<string>? tell = null) =>
        new DownloadSource(new ToolEnvironment(Own), new HurriedTime()).FetchAsync(
            new ImageName("debian"),
            new ImageSource.Download(new DownloadAddress(address), ChecksumOf(expected ?? Content)) { Format = DiskFormat.Raw },
            Cache,
            tell ?? Told.Add,
            cancellationToken);
}
