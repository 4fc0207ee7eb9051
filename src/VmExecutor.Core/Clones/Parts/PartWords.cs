namespace VmExecutor.Core.Clones.Parts;

/// <summary>Findings in words.</summary>
public static class PartWords
{
    /// <summary>A treatment for people.</summary>
    public static string Of(Treatment treatment) => treatment switch
    {
        Treatment.Kept => "kept",
        Treatment.MadeOwn => "made its own",
        Treatment.LeftOut => "left out",
        _ => "REFUSED",
    };

    /// <summary>A treatment for scripts; none of these words is ever renamed.</summary>
    public static string Id(Treatment treatment) => treatment switch
    {
        Treatment.Kept => "kept",
        Treatment.MadeOwn => "made_own",
        Treatment.LeftOut => "left_out",
        _ => "refused",
    };

    /// <summary>The note for an administrator who has not asked: <c>disk 'vda': shareable is left out of clones: …</c>.</summary>
    public static string Note(PartFinding finding) => finding.Treatment switch
    {
        Treatment.Kept => $"{finding.Part} is kept in clones: {finding.Why}",
        Treatment.MadeOwn => $"{finding.Part} is made each clone's own: {finding.Why}",
        Treatment.LeftOut => $"{finding.Part} is left out of clones: {finding.Why}",
        _ => $"{finding.Part} is refused: {finding.Why}",
    };

    /// <summary>The notes of a review, each once; what is refused is a failure's to say.</summary>
    public static IReadOnlyList<string> Notes(IEnumerable<PartFinding> findings) =>
        [.. findings.Where(finding => finding is { IsNote: true, Refusal: null }).Select(Note).Distinct(StringComparer.Ordinal)];
}
