using VmExecutor.Core.Guests.Login;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Guests.Login;

/// <summary>An ISO 9660 volume with the two files of a NoCloud seed, made by xorriso without mounting anything.</summary>
internal static class SeedDisk
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <param name="tools">Runs xorrisofs.</param>
    /// <param name="seed">The volume's file; only its owner may read it.</param>
    /// <param name="directory">A private directory on the same file system; the caller removes the files that are put into it.</param>
    /// <param name="userData">Holds a private key.</param>
    /// <param name="metaData">Holds none.</param>
    /// <param name="cancellationToken">Ends xorrisofs.</param>
    public static async Task MakeAsync(
        IToolRunner tools, AbsolutePath seed, AbsolutePath directory, string userData, string metaData, CancellationToken cancellationToken)
    {
        var content = directory.Child("content");
        var volume = directory.Child("volume.iso");
        StateDirectories.Make(content, StateDirectories.Private);
        Write(content.Child(CloudInitSeed.UserDataName), userData);
        Write(content.Child(CloudInitSeed.MetaDataName), metaData);

        // Rock Ridge for the names and the modes as they are here: in the guest, too, the files are root's alone.
        var call = new ToolCall(
            "xorrisofs",
            ["-quiet", "-volid", CloudInitSeed.VolumeLabel, "-joliet", "-rock", "-uid", "0", "-gid", "0", "-output", volume.Value, content.Value]);
        (await tools.RunAsync(call, cancellationToken).ConfigureAwait(false)).EnsureSuccess();
        try
        {
            HostFile.SetUnixFileMode(volume.Value, Private);
            HostFile.Move(volume.Value, seed.Value);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the seed {seed} cannot be made", e);
        }
    }

    private static void Write(AbsolutePath file, string text)
    {
        try
        {
            AtomicFile.Write(file, text, Private);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{file} cannot be written", e);
        }
    }
}
