using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>A pattern of what jobs write after <c>image:</c>.</summary>
internal sealed record GlobKind() : ScalarKind("pattern")
{
    public override Reading Read(ScalarText scalar) =>
        Glob.TryParse(scalar.Text, out _)
            ? Reading.Of(scalar.Text)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not a pattern; write {Glob.Rule}");
}

/// <summary>A pattern of project paths.</summary>
internal sealed record ProjectGlobKind() : ScalarKind("pattern of projects")
{
    public override Reading Read(ScalarText scalar) =>
        ProjectGlob.TryParse(scalar.Text, out _)
            ? Reading.Of(scalar.Text)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not a pattern of projects; write {ProjectGlob.Rule}");
}
