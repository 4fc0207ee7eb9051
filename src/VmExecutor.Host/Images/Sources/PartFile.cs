using System.Security.Cryptography;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images.Sources;

/// <summary>The file that a download is written into, and the hash of all that is in it. The hash comes along for nothing: no second reading.</summary>
internal sealed class PartFile : IDisposable
{
    private const int BlockLength = 1 << 17;
    private readonly DownloadCache _cache;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash;

    private PartFile(DownloadCache cache, FileStream file, IncrementalHash hash) => (_cache, _file, _hash) = (cache, file, hash);

    public long Length => _file.Position;

    /// <summary>The server's name for this version of the file; null: the part cannot be continued.</summary>
    public string? Version { get; private set; }

    /// <summary>Opens it, behind what is there.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public static async Task<PartFile> OpenAsync(DownloadCache cache, CancellationToken cancellationToken)
    {
        FileStream? file = null;
        var hash = IncrementalHash.CreateHash(Algorithm(cache.Checksum.Kind));
        try
        {
            file = HostFile.Open(cache.Part.Value, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            await AddAsync(hash, file, cancellationToken).ConfigureAwait(false);
            return new PartFile(cache, file, hash)
            {
                Version = file.Length > 0 && HostFile.Exists(cache.PartVersion.Value) ? HostFile.ReadAllText(cache.PartVersion.Value) : null,
            };
        }
        catch (Exception e)
        {
            hash.Dispose();
            file?.Dispose();
            if (HostFileException.Explains(e))
            {
                throw new HostFileException($"the download {cache.Part} cannot be opened", e);
            }

            throw;
        }
    }

    /// <summary>The checksum of a file, in hexadecimal.</summary>
    public static async Task<string> HashAsync(AbsolutePath path, ChecksumKind kind, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(Algorithm(kind));
        await using var file = HostFile.Open(path.Value, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        await AddAsync(hash, file, cancellationToken).ConfigureAwait(false);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Throws the part away; the next bytes are of another version.</summary>
    /// <param name="version">As the server calls it; null: it does not, and an interrupted download begins anew.</param>
    public void StartAnew(string? version) => Do(() =>
    {
        HostFile.Delete(_cache.PartVersion.Value);
        _file.SetLength(0);
        _file.Position = 0;
        _ = _hash.GetHashAndReset();
        Version = version;
        if (version is not null)
        {
            AtomicFile.Write(_cache.PartVersion, version, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    });

    public async Task AppendAsync(ReadOnlyMemory<byte> block, CancellationToken cancellationToken)
    {
        try
        {
            await _file.WriteAsync(block, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw Refused(e);
        }

        _hash.AppendData(block.Span);
    }

    /// <summary>The checksum of what is there now, in hexadecimal.</summary>
    public string Hash() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>
    /// Renames the verified part to the whole file; it is flushed first, since a name outlives a power cut sooner than content does.
    /// </summary>
    public void Complete() => Do(() =>
    {
        _file.Flush(flushToDisk: true);
        HostFile.Move(_cache.Part.Value, _cache.Whole.Value, overwrite: true);
        HostFile.Delete(_cache.PartVersion.Value);
    });

    public void Remove() => Do(() =>
    {
        HostFile.Delete(_cache.Part.Value);
        HostFile.Delete(_cache.PartVersion.Value);
    });

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
    }

    private static HashAlgorithmName Algorithm(ChecksumKind kind) => kind == ChecksumKind.Sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512;

    private static async Task AddAsync(IncrementalHash hash, FileStream file, CancellationToken cancellationToken)
    {
        var block = new byte[BlockLength];
        int read;
        while ((read = await file.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0)
        {
            hash.AppendData(block, 0, read);
        }
    }

    private void Do(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw Refused(e);
        }
    }

    private HostFileException Refused(Exception e) => new($"the download {_cache.Part} cannot be written", e);
}
