using VmExecutor.Core.Leftovers;
using VmExecutor.Host.Leftovers;

namespace VmExecutor.Reports;

/// <summary><c>gc --json</c>.</summary>
internal static class CollectionJson
{
    public static string Write(Collection collection) => JsonText.Write(json =>
    {
        json.WriteStartArray("leftovers");
        foreach (var leftover in collection.Leftovers)
        {
            json.WriteStartObject();
            json.WriteString("name", leftover.Name);
            json.WriteString("reason", LeftoverText.Name(leftover.Reason));
            json.WriteString("outcome", leftover.Outcome switch
            {
                CollectionOutcome.Removed => "removed",
                CollectionOutcome.WouldBeRemoved => "would_be_removed",
                CollectionOutcome.Busy => "busy",
                _ => "failed",
            });
            json.WriteTexts("parts", leftover.Parts);
            json.WriteString("failure", leftover.Failure);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteTexts("warnings", collection.Doubts);
        json.WriteNumber("in_use", collection.InUse);
    });
}
