namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The rules about an image's source that no table states.</summary>
internal static class SourceRules
{
    public static void Check(BoundValues values, ErrorList errors)
    {
        var source = values.Find("source")?.Value;
        if (source is SourceKind.Url)
        {
            CheckChecksum(values, errors);
        }

        if (source is SourceKind.Url or SourceKind.Build or SourceKind.Oci && values.FindOwn("publish.in_place") is { Value: true } inPlace)
        {
            errors.Add(inPlace.KeyAt, "publish.in_place",
                $"applies only with 'source: domain' or 'source: file', since what is {(source is SourceKind.Build ? "built" : "downloaded")} has no place of its own; remove it");
        }
    }

    private static void CheckChecksum(BoundValues values, ErrorList errors)
    {
        if (values.FindOwn("sha256") is { } first && values.FindOwn("sha512") is { } second)
        {
            var later = first.KeyAt.Line > second.KeyAt.Line ? first : second;
            errors.Add(later.KeyAt, later == first ? "sha256" : "sha512", "is a second checksum; keep one of 'sha256' and 'sha512'");
        }
        else if (values.FindOwn("sha256") is null && values.FindOwn("sha512") is null)
        {
            errors.Add(values.Start, "sha256", "is missing; add 'sha256:' or 'sha512:' with the checksum of what is downloaded, as its server publishes it");
        }
    }
}
