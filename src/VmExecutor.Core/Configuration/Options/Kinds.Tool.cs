using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Options;

/// <summary>Files and directories of the host that the guest gets.</summary>
internal static partial class Kinds
{
    private const string ToolDirectory = "/usr/local/bin";

    /// <summary><c>HOST[:GUEST]</c>, or <c>gitlab-runner</c> for the runner's own executable.</summary>
    public static ScalarKind<ToolSettings> Tool { get; } = new(
        "gitlab-runner, or a path and, after ':', a path in the guest",
        new EditorCheck.Pattern($@"^(?![~$])({Plain}+:/[^:\u0000-\u001f\u007f-\u009f]*|[^:\u0000-\u001f\u007f-\u009f]+)$"),
        ReadTool);

    private static Reading ReadTool(ScalarText scalar)
    {
        var colon = scalar.Text.LastIndexOf(':');
        var host = colon < 0 ? scalar.Text : scalar.Text[..colon];
        AbsolutePath? source = null;
        if (host != ToolSettings.GitLabRunner)
        {
            var reading = ReadPath(scalar with { Text = host });
            if (reading.Problem is not null)
            {
                return reading;
            }

            source = (AbsolutePath)reading.Value!;
        }

        var name = source?.Name ?? ToolSettings.GitLabRunner;
        if (name.Length == 0)
        {
            return Reading.Wrong($"{Quote.Text(scalar.Text)} is the whole file system of the host; write a file or directory");
        }

        if (colon < 0)
        {
            return Reading.Of(new ToolSettings(source, $"{ToolDirectory}/{name}"));
        }

        var guest = ReadGuestPath(scalar with { Text = scalar.Text[(colon + 1)..] });
        return guest.Value switch
        {
            null => guest,
            "/" => Reading.Wrong($"{Quote.Text(scalar.Text)} would replace the guest's whole file system; write the path of the file or directory itself, for example {ToolDirectory}/{name}"),
            var target => Reading.Of(new ToolSettings(source, (string)target)),
        };
    }
}
