using System.Text;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Registration;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor;

/// <summary>Writes this driver into GitLab Runner's config.toml, and says what it has done.</summary>
internal sealed class Installation(TextWriter output, TextWriter error)
{
    private const int Longest = 1 << 20;
    private const int LongestToken = 4096;
    private const string Suffix = ".before-vm-executor";

    /// <summary>Reads strictly: a text that cannot be read must not be written back as another one.</summary>
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The directory with the four entry points: where the program is, or the checkout's beside it.</summary>
    /// <exception cref="SystemFailureException">They are not there.</exception>
    public static AbsolutePath FindEntryPoints(string? program)
    {
        var real = program is null ? null : HostFile.FinalTarget(program) ?? program;
        string?[] places = [Path.GetDirectoryName(real), Path.GetDirectoryName(program), "/usr/lib/vm-executor"];
        return places.OfType<string>().FirstOrDefault(place => HostFile.Look(Path.Combine(place, "prepare")) == Presence.There) is { } found
            ? new AbsolutePath(found)
            : throw new SystemFailureException(
                ErrorCodes.RunnerConfigUnusable,
                $"the entry points config, prepare, run and cleanup are not beside {program}, nor in /usr/lib/vm-executor",
                "Copy them there from the folder executor of vm-executor, or say where they are with --entry-points DIRECTORY.");
    }

    /// <summary>Reads a token from a file or standard input. On the command line every user of the host would see it.</summary>
    /// <param name="option">A file, or <c>-</c> for standard input; null: none.</param>
    public static string? ReadToken(string? option)
    {
        if (option is null)
        {
            return null;
        }

        try
        {
            var token = (option == "-" ? ReadInput() : Encoding.UTF8.GetString(HostFile.ReadAllBytes(Commands.DriverCommand.Resolve(option).Value, Longest))).Trim();
            return token.Length is > 0 and < 500 && token.All(character => character is > ' ' and < '\x7f')
                ? token
                : throw new SystemFailureException(ErrorCodes.RunnerNotChosen, $"there is no token in {(option == "-" ? "standard input" : option)}", "GitLab shows it once, when the runner is created; it begins with glrt-.");
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the token file {option} cannot be read", e);
        }
    }

    /// <summary>On a terminal one line, for a terminal has no end; else all there is. Empty where that is longer than any token, or cannot be read.</summary>
    private static string ReadInput()
    {
        using var input = StandardInput.Open();
        try
        {
            return Console.IsInputRedirected
                ? BoundedText.ReadWholeAsync(input, LongestToken, CancellationToken.None).GetAwaiter().GetResult()
                : new BoundedLines(input, LongestToken, LongestToken).Next() ?? "";
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return "";
        }
    }

    /// <param name="file">config.toml.</param>
    /// <param name="request">The runner that is meant.</param>
    /// <param name="entryPoints">Where the entry points are.</param>
    /// <param name="settings">What the limits are made of.</param>
    /// <param name="settingsFile">What the stages are told to read.</param>
    /// <param name="dryRun">Only say what would be changed.</param>
    public void Run(AbsolutePath file, RunnerRequest request, AbsolutePath entryPoints, Settings settings, AbsolutePath settingsFile, bool dryRun)
    {
        var old = Read(file);
        var edit = RunnerInstallation.Decide(old ?? "", file, request, RunnerStages.Keys(entryPoints, settings, settingsFile));
        if (edit is null)
        {
            output.WriteLine($"nothing to do: {file} has a runner with these stages already");
            return;
        }

        foreach (var change in edit.Changes)
        {
            output.WriteLine($"{change.Number,5} {(change.IsLine ? '+' : '~')} {change.Line}");
        }

        if (dryRun)
        {
            error.WriteLine(old is null ? $"{file} was not created (--dry-run)" : $"{file} was not changed (--dry-run)");
            return;
        }

        var copy = Write(file, edit.Text);
        error.WriteLine(old is null
            ? $"{file} was created, with runner '{edit.Runner}'. GitLab must know its token, which it shows once when the runner is created or registered: gitlab-runner verify --config {ShellText.Quote(file.Value)}"
            : $"runner '{edit.Runner}' in {file} runs its jobs with this driver now{(copy is null ? "" : $"; what it was before is in {copy}")}. The runner reads it by itself within seconds.");
        error.WriteLine($"See what else it needs: {DriverVersion.Name} doctor --config {ShellText.Quote(settingsFile.Value)} --config-toml {ShellText.Quote(file.Value)}");
    }

    /// <summary>Null: it is not there.</summary>
    private static string? Read(AbsolutePath file)
    {
        try
        {
            return FileStat.IsMissing(file) ? null : Strict.GetString(HostFile.ReadAllBytes(file.Value, Longest));
        }
        catch (DecoderFallbackException e)
        {
            throw new SystemFailureException(
                ErrorCodes.RunnerConfigUnusable, $"{file} is not UTF-8 text (at byte {e.Index})", "Correct it first; GitLab Runner does not start with it either.", e);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{file} cannot be read", e);
        }
    }

    private static AbsolutePath? Write(AbsolutePath file, string text)
    {
        try
        {
            return KeptFile.Replace(file, text, Suffix);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{file} cannot be written", e);
        }
    }
}
