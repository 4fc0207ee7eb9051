using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Where the image comes from.</summary>
internal static class BoundSource
{
    /// <summary>Null: something that it needs is missing or wrong, which has been reported.</summary>
    public static ImageSource? Of(BoundValues values) => values.Find("source")?.Value switch
    {
        SourceKind.Domain when values.Find("domain")?.Value is string domain =>
            new ImageSource.Domain(domain) { AllowShutdown = values.Get("allow_shutdown", new ImageSource.Domain(domain).AllowShutdown) },
        SourceKind.File when values.Find("file")?.Value is AbsolutePath path =>
            new ImageSource.DiskFile(path) { Format = Format(values), Kernel = Kernel(values) },
        SourceKind.Url when values.Find("url")?.Value is DownloadAddress address && (values.Find("sha256") ?? values.Find("sha512"))?.Value is Checksum checksum =>
            new ImageSource.Download(address, checksum) { Format = Format(values), Kernel = Kernel(values) },
        SourceKind.Build when values.Find("build")?.Value is AbsolutePath recipe => Build(recipe, values),
        _ => null,
    };

    private static ImageSource.Build Build(AbsolutePath recipe, BoundValues values)
    {
        var blank = new ImageSource.Build(recipe);
        return blank with { Timeout = values.Get("build_timeout", blank.Timeout) };
    }

    private static DiskFormat? Format(BoundValues values) => values.Get<DiskFormat?>("format", null);

    private static DirectKernelBoot? Kernel(BoundValues values) => values.Find("kernel")?.Value is AbsolutePath kernel
        ? new DirectKernelBoot(kernel, values.Get<AbsolutePath?>("initrd", null), values.Get("cmdline", ""))
        : null;
}
