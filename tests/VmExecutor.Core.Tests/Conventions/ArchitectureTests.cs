using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.GitlabCi;
using Xunit;

namespace VmExecutor.Core.Tests.Conventions;

/// <summary>The rules of src/README.md, checked.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string[] TheMachine =
    [
        "System.IO.File", "System.IO.Directory", "System.IO.FileStream", "System.IO.FileInfo", "System.IO.DirectoryInfo",
        "System.Console", "System.Diagnostics.Process", "System.Diagnostics.Stopwatch",
        "System.Net.Sockets.Socket", "System.Net.Http.HttpClient", "System.Threading.Thread", "System.Threading.Timer",
    ];

    private static readonly string[] TheWorld =
    [
        "System.Environment.GetEnvironmentVariable", "System.Environment.GetEnvironmentVariables", "System.Environment.get_CurrentDirectory",
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow",
        "System.TimeProvider.get_System", "System.Random.get_Shared", "System.Guid.NewGuid",
    ];

    [Theory]
    [InlineData(typeof(ErrorCode), "System.DateTimeOffset.op_Addition")]
    [InlineData(typeof(GitlabCiFile), "System.String.Concat")]
    public void A_pure_room_touches_no_process_file_console_socket_clock_or_environment(Type inRoom, string used)
    {
        var (types, members) = References(inRoom.Assembly.Location);

        types.Should().NotIntersectWith(TheMachine);
        members.Should().NotIntersectWith(TheWorld);
        members.Should().Contain(used, "else this test would look at nothing");
    }

    [Fact]
    public void No_file_exceeds_400_lines()
    {
        var tooLong = Repository.Sources("src").Concat(Repository.Sources("tests"))
            .Select(file => (File: Repository.Relative(file), Lines: File.ReadLines(file).Count()))
            .Where(file => file.Lines > 400);

        tooLong.Should().BeEmpty();
    }

    [Fact]
    public void Error_codes_are_unique_and_each_is_used()
    {
        var codes = typeof(ErrorCodes).GetFields().ToDictionary(field => field.Name, field => ((ErrorCode)field.GetValue(null)!).Number);
        var sources = string.Concat(Repository.Sources("src").Where(file => !file.EndsWith("ErrorCodes.cs", StringComparison.Ordinal)).Select(File.ReadAllText));

        codes.Values.Should().OnlyHaveUniqueItems();
        codes.Keys.Where(name => !sources.Contains($"ErrorCodes.{name}", StringComparison.Ordinal)).Should().BeEmpty("each code is for a failure that can happen");
    }

    [Fact]
    public void Failures_outside_Core_are_of_the_kinds_that_carry_a_hint_and_a_code()
    {
        // Exceptions that never leave their part of Host are marked so, by being internal.
        var declarations = Repository.Sources("src")
            .SelectMany(file => File.ReadLines(file).Select(line => (File: Repository.Relative(file), Line: line.Trim())))
            .Where(entry => entry.Line.StartsWith("public", StringComparison.Ordinal) && entry.Line.Contains(" class ", StringComparison.Ordinal) && entry.Line.Contains("Exception", StringComparison.Ordinal));

        foreach (var (file, line) in declarations)
        {
            var source = File.ReadAllText(Path.Combine(Repository.Root, file));
            source.Should().MatchRegex(@":\s*(Exception|DriverException|SystemFailureException|HypervisorException|LibvirtException)\b", $"{file}: {line}");
            if (!file.EndsWith("DriverException.cs", StringComparison.Ordinal))
            {
                source.Should().NotMatchRegex(@":\s*Exception\(", $"{file} must have a hint and a code");
            }
        }
    }

    [Fact]
    public void Each_environment_that_a_test_gives_the_program_has_a_machine_of_its_own_for_the_runner()
    {
        var environments = Repository.Sources("tests").Select(file => (File: Repository.Relative(file), Text: File.ReadAllText(file)))
            .Where(file => file.Text.Split('\n').Any(line => line.TrimStart().StartsWith("[\"VM_EXECUTOR_CONFIG\"] = ", StringComparison.Ordinal))).ToList();

        environments.Should().NotBeEmpty("else this test would look at nothing");
        environments.Where(file => !file.Text.Contains("[\"VM_EXECUTOR_RUNNER_ROOT\"] = ", StringComparison.Ordinal)).Select(file => file.File)
            .Should().BeEmpty("a GitLab Runner that runs where the tests run is none of theirs");
    }

    [Theory]
    [InlineData("Environment.Exit", "it calls exit(3), and with that the destructors of libraries that still work (ProcessEnd)")]
    [InlineData("Thread.Sleep", "waiting is a question plus a deadline")]
    [InlineData("Directory.Get", "HostDirectory.List gives names that are no text, too, and a type that takes any name")]
    [InlineData("Directory.Enumerate", "as above")]
    [InlineData("GetFileSystemInfos", "as above")]
    [InlineData("FileSystemEnumera", "as above")]
    [InlineData("Directory.Delete(path, recursive", "TreeRemoval removes names that are no text, and trees of any depth")]
    [InlineData("#region", "a file that needs regions needs splitting")]
    [InlineData("tateDir.Child(\"", "StateFiles has the names of what is in state_dir, and docs/files.md lists them")]
    public void Some_things_are_written_nowhere(string text, string because)
    {
        Repository.Sources("src").Where(file => File.ReadAllText(file).Contains(text, StringComparison.Ordinal))
            .Select(Repository.Relative).Should().BeEmpty(because);
    }

    [Theory]
    [InlineData("DangerousGetHandle", "src/VmExecutor.Host/Libvirt/LibvirtSession.Qemu.cs")]
    [InlineData("[LibraryImport(", "src/VmExecutor.Host/Libc.cs", "src/VmExecutor.Host/Libvirt/Native/LibvirtLibrary.cs", "src/VmExecutor.Host/Libvirt/Native/LibvirtQemuLibrary.cs")]
    [InlineData("DllImport(")]
    [InlineData("ProcessEnd.Now(", "src/VmExecutor/Program.cs")]
    [InlineData("ProcessEnd.WithoutLibraries(", "src/VmExecutor/Program.cs")]
    [InlineData("AnsiConsole.Create(", "src/VmExecutor/Reports/ReportConsole.cs")]
    [InlineData("Console.WindowWidth")]
    [InlineData("Process.Start(", "src/VmExecutor.Host/Processes/TerminalTool.cs")]
    [InlineData("Cli.Wrap(", "src/VmExecutor.Host/Images/Sources/RecipeRun.cs", "src/VmExecutor.Host/Processes/ToolRunner.cs", "src/VmExecutor.Host/Processes/ToolStream.cs", "src/VmExecutor/Trials/StageProcess.cs")]
    [InlineData("XmlReader.Create(", "src/VmExecutor.Core/Values/XmlText.cs")]
    [InlineData("XElement.Load(", "src/VmExecutor.Core/Values/XmlText.cs")]
    [InlineData("XElement.Parse(")]
    [InlineData("XDocument.")]
    [InlineData("BUILD_EXIT_CODE_FILE\"", "src/VmExecutor.Core/Jobs/StageEnvironment.cs", "src/VmExecutor/Trials/TrialStages.cs")]
    public void Some_things_are_known_to_one_place_only(string text, params string[] places)
    {
        Repository.Sources("src").Where(file => File.ReadAllText(file).Contains(text, StringComparison.Ordinal))
            .Select(Repository.Relative).Should().BeEquivalentTo(places);
    }

    [Fact]
    public void Programs_are_started_where_a_refusal_of_the_system_is_told()
    {
        var starting = Repository.Sources("src").Select(file => (Name: Repository.Relative(file), Text: File.ReadAllText(file)))
            .Where(file => file.Text.Contains("Process.Start(", StringComparison.Ordinal) || file.Text.Contains("Cli.Wrap(", StringComparison.Ordinal)).ToList();

        starting.Should().NotBeEmpty("else this test would look at nothing");
        starting.Where(file => !file.Text.Contains("ToolNotStartedException.OrStarted(", StringComparison.Ordinal)).Select(file => file.Name).Should().BeEmpty("else it is a bug of the driver's to people");
    }

    [Fact]
    public void Programs_that_tests_write_are_written_by_a_process_of_their_own() =>
        Repository.Sources("tests").Where(file => OwnProgram().IsMatch(File.ReadAllText(file))).Select(Repository.Relative)
            .Should().BeEmpty("a child that another test makes at that moment has the file open for writing, and the kernel refuses to run it: ProgramFile.Write, or StageBench.WriteProgram");

    [Theory]
    [InlineData("File.WriteAllText(file, text);\n        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);", true)]
    [InlineData("await File.WriteAllTextAsync(file, \"#!/bin/sh\", Cancellation);\n File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);", true)]
    [InlineData("_bench.Write(\"bin/tool\", \"#!/bin/sh\");\n File.SetUnixFileMode(_bench.PathOf(\"bin/tool\"), UnixFileMode.UserExecute);", true)]
    [InlineData("File.Copy(\"/bin/sleep\", file);\n File.SetUnixFileMode(file, UnixFileMode.UserExecute);", true)]
    [InlineData("File.WriteAllText(file, text);\n File.SetUnixFileMode(file, UnixFileMode.UserRead);", false)]
    [InlineData("File.WriteAllText(file, text);\n\n File.SetUnixFileMode(directory, UnixFileMode.UserExecute);", false)]
    public void A_program_that_a_test_writes_by_itself_is_found(string text, bool isFound) => OwnProgram().IsMatch(text).Should().Be(isFound);

    [Fact]
    public void Files_are_touched_in_two_files_only()
    {
        string[] places = ["src/VmExecutor.Host/Files/HostFile.cs", "src/VmExecutor.Host/Files/HostDirectory.cs"];
        var offenders = Repository.Sources("src").Where(file => !places.Contains(Repository.Relative(file)))
            .SelectMany(file => File.ReadLines(file).Select((line, index) => (Where: $"{Repository.Relative(file)}:{index + 1}", Line: line)))
            .Where(entry => RawFileCall().IsMatch(entry.Line)).Select(entry => $"{entry.Where}: {entry.Line.Trim()}");

        offenders.Should().BeEmpty("HostFile and HostDirectory say which path, why and what to do, and know 'may not look' from 'is not there'");
        Repository.Sources("src").Should().Contain(file => file.EndsWith("Files/HostFile.cs", StringComparison.Ordinal) && RawFileCall().IsMatch(File.ReadAllText(file)), "else this test would look at nothing");
    }

    [Fact]
    public void Files_are_opened_in_one_file_only()
    {
        var opening = Repository.Sources("src").Where(file => RawOpening().IsMatch(File.ReadAllText(file))).Select(Repository.Relative);

        opening.Should().BeEquivalentTo(["src/VmExecutor.Host/Files/HostFile.cs"], "there it is looked at first whether it is a file, and how much of it is read");
    }

    /// <summary>A file that is written, and made a program in the next line.</summary>
    [GeneratedRegex(@"(Write\w*|Copy)\([^\n]*\n *(System\.IO\.)?File\.SetUnixFileMode\((?!_directory\.Value)[^\n]*(UserExecute|0b1[01]1)")]
    private static partial Regex OwnProgram();

    /// <summary>Calls that open a file by its path, or read it without a limit.</summary>
    [GeneratedRegex(@"(?<![\w.])(System\.IO\.)?File\.(Append\w+|Copy|Open\w*|Read\w+|Write\w+)\(|new FileStream\((?!new SafeFileHandle)")]
    private static partial Regex RawOpening();

    /// <summary>Static calls of File and Directory, also as a method group, and what opens or looks at a file by its path.</summary>
    [GeneratedRegex(
        @"(?<![\w.])(System\.IO\.)?(File|Directory)\.(Append\w+|Copy|Create\w*|Delete|Enumerate\w+|Exists|Get\w+|Move|Open\w*|Read\w+|Replace|ResolveLinkTarget|Set\w+|Write\w+)\b"
        + @"|new (System\.IO\.)?(FileStream\((?!new SafeFileHandle)|FileInfo\(|DirectoryInfo\(|DriveInfo\(|StreamWriter\((?!\w+\.\w*Stream))")]
    private static partial Regex RawFileCall();

    private static (HashSet<string> Types, HashSet<string> Members) References(string assembly)
    {
        using var stream = File.OpenRead(assembly);
        using var pe = new PEReader(stream);
        var metadata = pe.GetMetadataReader();
        var types = metadata.TypeReferences.Select(handle => Name(metadata, handle)).ToHashSet();
        var members = metadata.MemberReferences
            .Select(handle => metadata.GetMemberReference(handle))
            .Where(member => member.Parent.Kind == HandleKind.TypeReference)
            .Select(member => $"{Name(metadata, (TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}")
            .ToHashSet();
        return (types, members);
    }

    private static string Name(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }
}
