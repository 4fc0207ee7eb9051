using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>What the guest gets of the host: <c>HOST[:GUEST]</c>, or <c>gitlab-runner</c> for the runner's own executable.</summary>
internal sealed record ToolKind() : ScalarKind("gitlab-runner, or a path and, after ':', a path in the guest")
{
    private const string DefaultDirectory = "/usr/local/bin";
    private static readonly GuestPathKind GuestPath = new();
    private static readonly PathKind HostPath = new();

    public override Reading Read(ScalarText scalar)
    {
        var colon = scalar.Text.LastIndexOf(':');
        var host = colon < 0 ? scalar.Text : scalar.Text[..colon];
        AbsolutePath? source = null;
        if (host != ToolSettings.GitLabRunner)
        {
            var reading = HostPath.Read(scalar with { Text = host });
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
            return Reading.Of(new ToolSettings(source, $"{DefaultDirectory}/{name}"));
        }

        var guest = GuestPath.Read(scalar with { Text = scalar.Text[(colon + 1)..] });
        return guest.Value switch
        {
            null => guest,
            "/" => Reading.Wrong($"{Quote.Text(scalar.Text)} would replace the guest's whole file system; write the path of the file or directory itself, for example {DefaultDirectory}/{name}"),
            var target => Reading.Of(new ToolSettings(source, (string)target)),
        };
    }
}
