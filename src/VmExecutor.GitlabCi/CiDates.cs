using VmExecutor.Core.Configuration;

namespace VmExecutor.GitlabCi;

/// <summary>Dates and times without quotes: GitLab's parser loads no such classes, and refuses the file wherever one stands.</summary>
internal static class CiDates
{
    private const string Refusal = "Tried to load unspecified class";

    public static bool IsRefusal(ConfigurationError error) => error.Message.Contains(Refusal, StringComparison.Ordinal);

    public static void Refuse(CiNode node, string path, CiFindings findings)
    {
        switch (node)
        {
            case CiScalar { Kind: CiKind.Date or CiKind.Time } scalar:
                findings.Wrong(scalar.At, path, $"{scalar.Described}, which GitLab refuses ('{Refusal}: {scalar.Kind}'); write it in quotes");
                break;
            case CiList list:
                foreach (var item in list.Items)
                {
                    Refuse(item, path, findings);
                }

                break;
            case CiMap map:
                foreach (var entry in map.Entries)
                {
                    Refuse(entry.KeyNode, path, findings);
                    Refuse(entry.Value, entry.KeyNode.Text.Length > 0 ? $"{path}.{entry.Key}" : path, findings);
                }

                break;
            default:
                break;
        }
    }
}
