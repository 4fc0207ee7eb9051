using VmExecutor.Core.Configuration.Binding.Kinds;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The keys of <c>allow:</c>.</summary>
internal static class ImageAccessKeys
{
    public static readonly Section Allow = new(
    [
        new("projects", new OneOrMoreKind(new ProjectGlobKind()),
            "The projects whose jobs may use the image, by the path that GitLab tells: * is any run of characters within one segment, ** also across slashes; case does not matter.",
            "group/**") { Otherwise = "all projects" },
        new("protected_refs", new SwitchKind(),
            "Whether only jobs of protected branches and tags may use the image.", "true")
        { Default = DefaultValues.Image.Allow.ProtectedRefs ? "true" : "false" },
    ]);
}
