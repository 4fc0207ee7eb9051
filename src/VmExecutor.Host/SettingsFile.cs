using System.Text;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host;

/// <summary>Reads <c>vm-executor.yaml</c> and the files of the images.</summary>
public static class SettingsFile
{
    /// <exception cref="ConfigurationException">With every error of every file.</exception>
    /// <exception cref="SystemFailureException">A file is missing or cannot be read.</exception>
    public static ConfigurationResult Load(SettingsPath path)
    {
        var document = SettingsDocument.Parse(ReadSettings(path));
        return document.Bind(document.ImagesDir is { } directory ? ReadImages(directory) : ImageTexts.None);
    }

    /// <summary>As <see cref="SettingsDocument.BindWithoutImages"/>; the images' files are not read.</summary>
    /// <exception cref="ConfigurationException">The file's errors.</exception>
    /// <exception cref="SystemFailureException">The file is missing or cannot be read.</exception>
    public static Settings LoadWithoutImages(SettingsPath path) => SettingsDocument.Parse(ReadSettings(path)).BindWithoutImages();

    private static ConfigurationText ReadSettings(SettingsPath path)
    {
        try
        {
            return Read(path.File);
        }
        catch (HostFileException exception) when (exception.IsMissing)
        {
            throw new SystemFailureException(
                ErrorCodes.ConfigurationMissing,
                $"the configuration file {path.File} does not exist ({path.Because()})",
                path.Origin == SettingsPathOrigin.Default
                    ? $"Create it from config/vm-executor.yaml, or name another file by {SettingsPath.Option} or {SettingsPath.Variable}."
                    : $"Correct {(path.Origin == SettingsPathOrigin.Option ? SettingsPath.Option : SettingsPath.Variable)}, or create the file from config/vm-executor.yaml.",
                exception);
        }
        catch (Exception exception) when (HostFileException.Explains(exception))
        {
            throw Unreadable($"the configuration file {path.File} ({path.Because()})", path.File, exception);
        }
    }

    private static ImageTexts ReadImages(AbsolutePath directory)
    {
        try
        {
            var files = HostDirectory.Files(directory);
            return new ImageTexts(
                DirectoryExists: true,
                [.. files.Where(file => ImageFileName.IsImage(file.Name)).Select(ReadImage)],
                [
                    .. files.Select(file => ImageFileName.WhyIgnored(file.Name) is { } why ? new IgnoredImage(file, why) : null).OfType<IgnoredImage>(),
                    .. SubdirectoryLook.Images(directory),
                ]);
        }
        catch (HostFileException gone) when (gone.IsMissing && HostFile.Look(directory.Value) == Presence.Missing)
        {
            return ImageTexts.None;
        }
        catch (Exception exception) when (HostFileException.Explains(exception))
        {
            throw new SystemFailureException(
                ErrorCodes.ConfigurationMissing,
                $"the directory of the images {directory} (images_dir) cannot be read: {(HostFile.Look(directory.Value) == Presence.There ? "it is a file" : FileFailure.ReasonOf(exception))}",
                $"Make it a directory that the user '{Environment.UserName}' may list; 'namei -l {directory}' shows what is in the way.",
                exception);
        }
    }

    private static ConfigurationText ReadImage(AbsolutePath file)
    {
        try
        {
            return Read(file);
        }
        catch (Exception exception) when (HostFileException.Explains(exception))
        {
            throw Unreadable($"the image's file {file}", file, exception);
        }
    }

    private static ConfigurationText Read(AbsolutePath file)
    {
        using var stream = HostFile.OpenRead(file.Value);

        // One byte more than allowed is enough to see that it is too large; the binder says so.
        var buffer = new byte[ConfigurationText.MaxBytes + 1];
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return new ConfigurationText(file, Encoding.UTF8.GetString(buffer, 0, length));
    }

    private static SystemFailureException Unreadable(string what, AbsolutePath path, Exception exception) => new(
        ErrorCodes.ConfigurationMissing,
        $"{what} cannot be read: {FileFailure.ReasonOf(exception)}",
        $"Make it a file that the user '{Environment.UserName}' may read; 'namei -l {path}' shows what is in the way.",
        exception);
}
