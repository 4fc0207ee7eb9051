using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Core.Clones;
using Xunit;

namespace VmExecutor.Program.Tests.Docs;

/// <summary>src/README.md tells the truth about the source: what it names is there.</summary>
public sealed partial class SourceMapTests
{
    [Theory]
    [InlineData("## The way of a job through prepare", 12)]
    [InlineData("## The way of a script through run", 7)]
    [InlineData("## The way of a job through cleanup", 3)]
    [InlineData("## The way of a signal", 4)]
    [InlineData("## The way of gc", 3)]
    [InlineData("## The way of an image's option to the domain", 3)]
    public void Each_way_names_members_that_exist_and_is_short(string way, int length)
    {
        var map = File.ReadAllText(Path.Combine(Page.Root, "src/README.md"));
        map.Should().Contain(way);
        var steps = map.Split(way)[1].Split("\n## ")[0].Split('\n').Where(line => StepStart().IsMatch(line)).ToList();

        steps.Should().HaveCount(length).And.HaveCountLessThan(20);
        var named = steps.SelectMany(step => FileAndMember().Matches(step)).Select(match => (File: match.Groups["file"].Value, Member: match.Groups["member"].Value)).ToList();
        named.Should().HaveCountGreaterThanOrEqualTo(steps.Count);
        named.Where(one => !Declares(one.File, one.Member)).Should().BeEmpty();
    }

    [Fact]
    public void The_writers_of_a_jobs_record_are_all_in_the_table()
    {
        var section = File.ReadAllText(Path.Combine(Page.Root, "src/README.md")).Split("## Who writes job.json")[1].Split("\n## ")[0];
        var told = section.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => FileAndMember().Match(line)).ToList();
        var writers = Directory.EnumerateFiles(Path.Combine(Page.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => RecordChange().IsMatch(File.ReadAllText(file))).Select(file => Path.GetRelativePath(Page.Root, file))
            .Where(file => file != "src/VmExecutor/JobRun.cs"); // passes on what the others want

        told.Select(match => match.Groups["file"].Value).Should().BeEquivalentTo(writers);
        told.Should().OnlyContain(match => Declares(match.Groups["file"].Value, match.Groups["member"].Value));
    }

    [Fact]
    public void Each_file_of_a_job_is_in_the_table_with_a_maker_that_exists()
    {
        var section = File.ReadAllText(Path.Combine(Page.Root, "src/README.md")).Split("## Who makes which file of a job")[1].Split("\n## ")[0];
        var rows = section.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('|')).ToList();

        rows.SelectMany(row => FileName().Matches(row[1])).Select(match => match.Groups["name"].Value.TrimEnd('/').Replace("*", "", StringComparison.Ordinal).Replace("<process>", "", StringComparison.Ordinal))
            .Should().BeEquivalentTo(JobFiles.All.Select(file => file.Name));
        rows.Should().OnlyContain(row => FileAndMember().IsMatch(row[2]));
        rows.SelectMany(row => FileAndMember().Matches(row[2])).Should().OnlyContain(match => Declares(match.Groups["file"].Value, match.Groups["member"].Value));
    }

    [Theory]
    [InlineData("src/VmExecutor.Core", "`VmExecutor.Core`, pure")]
    [InlineData("src/VmExecutor.Host", "`VmExecutor.Host`, everything")]
    [InlineData("src/VmExecutor", "`VmExecutor`, the program")]
    public void Each_folder_of_a_room_is_in_its_table_and_each_line_of_the_table_is_there(string room, string heading)
    {
        var map = File.ReadAllText(Path.Combine(Page.Root, "src/README.md"));
        var section = map.Split(heading)[1].Split("\n`VmExecutor", StringSplitOptions.None)[0].Split("\n## ")[0];
        var folders = Directory.GetDirectories(Path.Combine(Page.Root, room)).Where(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Any()).Select(path => Path.GetFileName(path)).Where(name => name is not ("bin" or "obj")).ToList();

        folders.Where(folder => !section.Contains($"| {folder} |", StringComparison.Ordinal) && !section.Contains($"`{folder}`", StringComparison.Ordinal)).Should().BeEmpty();
        TableLine().Matches(section).Select(match => match.Groups["name"].Value).Where(name => !folders.Contains(name)).Should().BeEmpty();
    }

    /// <summary>A file stands for the member after it, and for further members until the next file.</summary>
    private static bool Declares(string file, string member)
    {
        var path = Path.Combine(Page.Root, file);
        return File.Exists(path) && Regex.IsMatch(File.ReadAllText(path), $@"\b(public|internal|private)\b[^=;\n]*\b{member}\b\s*(<[^>]*>)?(\(|=|\{{|;|$)", RegexOptions.Multiline);
    }

    [GeneratedRegex(@"\.UpdateAsync\(")]
    private static partial Regex RecordChange();

    [GeneratedRegex("`(?<name>[^`]+)`")]
    private static partial Regex FileName();

    [GeneratedRegex(@"^\d+\. ")]
    private static partial Regex StepStart();

    [GeneratedRegex(@"`(?<file>src/[^` ]+\.cs)` `(?<member>\w+)`")]
    private static partial Regex FileAndMember();

    [GeneratedRegex(@"^\| (?<name>[A-Z]\w+) \|", RegexOptions.Multiline)]
    private static partial Regex TableLine();
}
