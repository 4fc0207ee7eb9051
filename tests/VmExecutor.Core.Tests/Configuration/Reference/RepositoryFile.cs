using FluentAssertions;

namespace VmExecutor.Core.Tests.Configuration.Reference;

/// <summary>A file in <c>config/</c> that is generated, wholly or between two marks, and kept in the repository.</summary>
internal sealed class RepositoryFile(string name)
{
    private const string Update = "VMX_UPDATE_SCHEMAS";

    public string Path { get; } = System.IO.Path.Combine(Root(), "config", name);

    public string Text => File.Exists(Path) ? File.ReadAllText(Path) : "";

    /// <summary>Fails when the file differs, saying how to make it anew; makes it anew when asked to.</summary>
    public void ShouldBe(string text)
    {
        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            File.WriteAllText(Path, text);
        }

        // Not Be(text): its message would be the whole of both.
        (Text == text).Should().BeTrue("config/{0} is generated from the tables of keys; run these tests once with {1}=1 to write it anew", name, Update);
    }

    /// <summary>The same for the part between <c>&lt;!-- begin NAME --&gt;</c> and <c>&lt;!-- end NAME --&gt;</c>.</summary>
    public void PartShouldBe(string part, string text)
    {
        var (begin, end) = ($"<!-- begin {part} -->\n", $"<!-- end {part} -->");
        Text.Should().Contain(begin).And.Contain(end);
        var whole = Text;
        var start = whole.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        ShouldBe(whole[..start] + text + whole[whole.IndexOf(end, StringComparison.Ordinal)..]);
    }

    public static string Root()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(directory.FullName, "VmExecutor.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("these tests run in a checkout of the repository");
    }
}
