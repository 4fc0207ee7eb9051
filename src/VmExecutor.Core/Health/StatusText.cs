namespace VmExecutor.Core.Health;

/// <summary>The words for statuses and topics in reports and JSON.</summary>
public static class StatusText
{
    public static string Name(CheckStatus status) => status.ToString().ToLowerInvariant();

    public static string Name(CheckTopic topic) => topic.ToString().ToLowerInvariant();
}
