using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Host.Leftovers;
using Xunit;

namespace VmExecutor.Host.Tests.Files;

/// <summary>Directories in which others choose the names: with line breaks, with bytes that are no UTF-8, deeper than any path.</summary>
public sealed class DirectoryListingTests : IDisposable
{
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-names-").FullName);

    public void Dispose() => Bash($"rm -rf '{_directory}'");

    [Fact]
    public void Every_name_is_listed_once_and_in_order_and_only_plain_ones_have_a_path()
    {
        Bash(@"touch b a ü $'two\nlines' $'return\r' $'\xff' $'half\xe2\x82' $'bell\a'; mkdir d; ln -s d to-d; ln -s nowhere dangling; ln -s around around; mkfifo pipe");

        var all = HostDirectory.List(_directory);

        all.Select(entry => entry.Name).Should().BeInAscendingOrder(StringComparer.Ordinal).And.Equal(
            @"\xff", "a", "around", "b", "bell\a", "d", "dangling", @"half\xe2\x82", "pipe", @"return\x0d", "to-d", @"two\x0alines", "ü");
        all.Where(entry => entry.Path is null).Select(entry => entry.Name).Should().Equal(@"\xff", @"half\xe2\x82", @"return\x0d", @"two\x0alines");
        HostDirectory.Directories(_directory).Select(path => path.Name).Should().Equal("d", "to-d");
        HostDirectory.Files(_directory).Select(path => path.Name).Should().Equal("a", "around", "b", "bell\a", "dangling", "pipe", "ü");
        HostDirectory.Files(_directory).Should().OnlyContain(path => path.Parent() == _directory);
    }

    [Fact]
    public void A_large_directory_is_listed_whole()
    {
        Bash("seq 5000 | xargs touch");

        string.Join(' ', HostDirectory.Files(_directory).Select(path => path.Name)).Should().Be(string.Join(' ', Enumerable.Range(1, 5000).Select(number => $"{number}").Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void All_below_is_listed_and_no_link_is_followed()
    {
        Bash(@"mkdir -p one/two $'odd\n'; touch one/two/file $'odd\n/inner'; ln -s . one/around; ln -s .. one/two/up");

        HostDirectory.Below(_directory).Select(entry => entry.FullName[(_directory.Value.Length + 1)..]).Should().Equal(
            @"odd\x0a", @"odd\x0a/inner", "one", "one/around", "one/two", "one/two/file", "one/two/up");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_tree_is_removed_whatever_the_names_are_and_however_deep_it_is()
    {
        await Task.Yield();
        Bash("""
            mkdir tree outside; touch outside/stays; cd tree
            touch $'a\nb' $'\xff'; mkdir $'\xfe'; touch $'\xfe/\xff'; ln -s ../outside link; ln -s around around; mkfifo pipe
            for ((i = 0; i < 300; i++)); do mkdir level-with-a-name-of-some-length; cd level-with-a-name-of-some-length; touch $'\xff'; done
            """);

        HostDirectory.Delete(_directory.Child("tree").Value, recursive: true);

        HostDirectory.List(_directory).Select(entry => entry.Name).Should().Equal("outside");
        HostDirectory.Files(_directory.Child("outside")).Should().ContainSingle("a link is removed, and not what it leads to");
    }

    [Fact]
    public void A_link_to_a_directory_is_removed_itself()
    {
        Bash("mkdir full; touch full/stays; ln -s full link");

        HostDirectory.Delete(_directory.Child("link").Value, recursive: true);

        HostDirectory.List(_directory).Select(entry => entry.Name).Should().Equal("full");
        HostDirectory.Files(_directory.Child("full")).Should().ContainSingle();
    }

    [Fact]
    public void Parts_of_a_tree_that_can_be_removed_are_gone_and_the_failure_names_the_reason()
    {
        // Kept by a directory without write permission, for all but root.
        Bash("mkdir -p tree/closed tree/open; touch tree/closed/stays tree/open/goes; chmod 555 tree/closed; chmod 777 . tree tree/open");

        var failure = ((Action)(() => OtherUser.Does(() => HostDirectory.Delete(_directory.Child("tree").Value, recursive: true)))).Should().Throw<HostFileException>().Which;

        failure.Message.Should().Contain($"{_directory}/tree cannot be removed").And.Contain("ermission denied");
        HostDirectory.List(_directory.Child("tree")).Select(entry => entry.Name).Should().Equal("closed");
        HostDirectory.Files(_directory.Child("tree").Child("closed")).Should().ContainSingle();
    }

    [Fact]
    public void A_directory_is_emptied_but_for_one_name()
    {
        Bash(@"touch keep $'keep\n' $'\xff'; mkdir d; touch d/$'\xff'; ln -s d link");

        HostDirectory.Empty(_directory, except: "keep");

        HostDirectory.List(_directory).Select(entry => entry.Name).Should().Equal("keep");
    }

    [Fact(Timeout = 60_000)]
    public async Task Half_made_files_are_looked_for_without_following_links_around()
    {
        await Task.Yield();
        Bash("mkdir images; cd images; ln -s . a; ln -s . b; touch image.00000000000000000000000000000000.tmp");

        HalfMadeFiles.Find(_directory, DateTimeOffset.UtcNow + TimeSpan.FromHours(1)).Select(path => path.Name).Should().Equal("image.00000000000000000000000000000000.tmp");
    }

    [Fact]
    public void A_tool_with_a_name_that_cannot_be_passed_on_is_refused_with_that_name()
    {
        Bash(@"touch plain $'two\nlines'");

        FluentActions.Invoking(() => HostTool.Look("tool", _directory, _directory.Value, "/opt/tool")).Should().Throw<IOException>().Which.Message.Should().Contain(@"two\x0alines");
    }

    private void Bash(string script)
    {
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-euc", script]) { WorkingDirectory = _directory.Value })!;
        bash.WaitForExit();
        bash.ExitCode.Should().Be(0);
    }
}
