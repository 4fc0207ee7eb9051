using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The records as they are when the YAML says nothing: where the binder and the reference find the defaults.</summary>
internal static class DefaultValues
{
    public static readonly Settings Settings = new() { File = new AbsolutePath("/"), Images = [] };

    public static readonly ImageDefinition Image = new()
    {
        File = new AbsolutePath("/"),
        Name = new ImageName("unset"),
        Source = new ImageSource.Domain("unset"),
        Ssh = new SshSettings { User = "unset", Key = new AbsolutePath("/") },
    };
}
