using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The records as they are when the YAML says nothing: where the binder and the reference find the defaults.</summary>
internal static class Blank
{
    public static readonly Settings Settings = new() { File = new AbsolutePath("/"), Images = [] };

    public static readonly ImageDefinition Image = new()
    {
        File = new AbsolutePath("/"),
        Name = new ImageName("blank"),
        Source = new ImageSource.Domain("blank"),
        Ssh = new SshSettings { User = "blank", Key = new AbsolutePath("/") },
    };
}
