namespace VmExecutor.Core.Tests.Conventions;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>C# files below a folder, without build output.</summary>
    public static IReadOnlyList<string> Sources(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories).Where(file => !IsOutput(file))];

    /// <summary>All text files below a folder, without build output.</summary>
    public static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories)
            .Where(file => !IsOutput(file) && new FileInfo(file) is { LinkTarget: null, Length: < 1 << 20 } && Path.GetExtension(file) is not (".md" or ".json"));

    public static string Relative(string file) => Path.GetRelativePath(Root, file);

    private static bool IsOutput(string file) => file.Split('/').Any(part => part is "bin" or "obj");

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "VmExecutor.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException($"no VmExecutor.sln above {AppContext.BaseDirectory}");
        }

        return directory.FullName;
    }
}
