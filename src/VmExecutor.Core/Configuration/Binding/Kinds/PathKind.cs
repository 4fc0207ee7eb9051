using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>A file or directory on the host, seen from the directory of the YAML file when it is relative.</summary>
internal sealed record PathKind() : ScalarKind("path")
{
    public override Reading Read(ScalarText scalar)
    {
        var text = scalar.Text;
        if (text.Length == 0)
        {
            return Reading.Wrong("is empty; write a path");
        }

        if (text[0] is '~' or '$')
        {
            return Reading.Wrong($"{Quote.Text(text)} is not expanded as a shell would; write the whole path, beginning with '/'");
        }

        return scalar.Directory.TryResolve(text, out var path)
            && !text.Any(char.IsControl)
            && XmlText.CanCarry(text)
                ? Reading.Of(path)
                : Reading.Wrong($"{Quote.Text(text)} has a line break or another control character in it; write a plain path");
    }
}
