using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.Core.ProjectDisks;
using Xunit;

namespace VmExecutor.Core.Tests.ProjectDisks;

/// <summary>Looks at what a guest and its QEMU have left, and the texts for both.</summary>
public sealed class DiskLookTests
{
    private const long Size = 1 << 30;
    private const string Below = "../../disks/42-aa/v0-0123abcd.qcow2";

    [Theory]
    [InlineData(0x38, 0, "damaged")]
    [InlineData(0x3A, 3, "damaged")]
    [InlineData(0x3A, 0, "unclean")]
    [InlineData(0x60, 0x46, "unclean")]
    [InlineData(0x18, 9, "damaged")]
    [InlineData(0x7, 0xFF, "damaged")]
    public void A_file_system_that_was_not_unmounted_cleanly_or_has_errors_is_refused(int at, byte value, string word)
    {
        var block = SuperBlock();
        FileSystemState.FindRefusal(block, Size).Should().BeNull();

        block[at] = value;

        FileSystemState.FindRefusal(block, Size).Should().Be(word);
        FileSystemState.FindRefusal(block.AsSpan(0, 100), Size).Should().Be("damaged");
    }

    [Fact]
    public void A_file_system_that_is_larger_than_its_disk_is_refused() => FileSystemState.FindRefusal(SuperBlock(), Size - 1).Should().Be("damaged");

    [Theory]
    [InlineData(0, 'X', "is no qcow2 file")]
    [InlineData(7, 2, "is no qcow2 file")]
    [InlineData(79, 4, "content elsewhere")]
    [InlineData(35, 1, "encrypted")]
    [InlineData(31, 1, "another size")]
    [InlineData(19, 3, "another file")]
    [InlineData(15, 1, "another file")]
    [InlineData(8, 0xFF, "another file")]
    [InlineData(512, 'X', "another file")]
    public void An_overlay_whose_head_was_changed_is_seen_before_a_tool_opens_it(int at, int value, string why)
    {
        var head = Head();
        OverlayHead.WhyNotAsMade(head, Below, Size).Should().BeNull();

        head[at] = (byte)value;

        OverlayHead.WhyNotAsMade(head, Below, Size).Should().Contain(why);
    }

    [Fact]
    public void Commands_for_QEMU_are_JSON_with_each_file_below_the_last()
    {
        var commands = DiskPlug.Commands(3, "vmx-disk-port").Select(command => JsonDocument.Parse(command).RootElement.GetProperty("arguments")).ToList();
        var top = commands[0];
        var middle = top.GetProperty("backing");
        var bottom = middle.GetProperty("backing");

        top.TryGetProperty("read-only", out _).Should().BeFalse();
        middle.GetProperty("read-only").GetBoolean().Should().BeTrue();
        bottom.GetProperty("read-only").GetBoolean().Should().BeTrue();
        bottom.GetProperty("backing").ValueKind.Should().Be(JsonValueKind.Null);
        new[] { top, middle, bottom }.Select(layer => layer.GetProperty("file").GetProperty("filename").GetString()).Should().OnlyHaveUniqueItems().And.OnlyContain(name => name!.StartsWith("/dev/fdset/"));
        commands[1].GetProperty("bus").GetString().Should().Be("vmx-disk-port");
        JsonDocument.Parse(DiskPlug.Commands(1, null)[1]).RootElement.GetProperty("arguments").TryGetProperty("bus", out _).Should().BeFalse();
        JsonDocument.Parse(DiskPlug.TakeFile(2)).RootElement.GetProperty("arguments").GetProperty("fdset-id").GetInt32().Should().BePositive();
    }

    [Fact]
    public void Places_and_users_are_words_of_the_shell_whatever_is_in_them()
    {
        var use = new ProjectDiskUse("42", "0123abcd", 0, [], null, false) { BuildsDir = "/b'@cache", CacheDir = "/c $(reboot)" };

        var text = DiskScript.Mount(use, new GuestUser("ci"));

        text.Should().ContainAll(@"place builds '/b'\''@cache'", "place cache '/c $(reboot)'", "chown 'ci'", "nosuid,nodev").And.EndWith("disk </dev/null\n");
        DiskScript.Unmount(use, new GuestUser("ci")).Should().Contain(@"umount '/b'\''@cache'").And.NotContain("@builds");
    }

    [Fact]
    public void A_plain_shell_asks_a_guest_that_mounts_the_disk_itself_and_places_are_compared_as_the_kernel_writes_them()
    {
        var use = new ProjectDiskUse("42", "0123abcd", 0, [], null, false) { BuildsDir = "/b c\\d/", CacheDir = "/cache" };

        DiskScript.Shell(new GuestUser("root")).Should().Be("exec sh");
        DiskScript.Shell(new GuestUser("ci")).Should().Be("exec sh -c 'if test -x /usr/libexec/vm-executor/project-disk; then exec sh; fi; exec sudo -n sh'");
        DiskScript.Mount(use, new GuestUser("ci")).Should().ContainAll(@"is_at '/b\040c\134d' && is_at '/cache'", "tell mounted by-guest").And.NotContain("@");
    }

    [Theory]
    [InlineData("motd\nvmx-disk:mounted\n", DiskEvent.Mounted, "")]
    [InlineData("vmx-disk:busy umount: /builds: target is busy.\n", DiskEvent.Busy, "umount: /builds: target is busy.")]
    [InlineData("vmx-disk:what else\n", DiskEvent.Silent, "else")]
    [InlineData("", DiskEvent.Silent, "")]
    public void An_answer_is_the_last_line_that_has_the_word(string output, DiskEvent what, string text) => DiskAnswer.Parse(output).Should().Be(new DiskAnswer(what, text));

    private static byte[] SuperBlock()
    {
        var block = new byte[FileSystemState.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(4), (uint)(Size / 4096));
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(0x18), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(0x38), 0xEF53);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(0x3A), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(0x60), 0x2C2);
        return block;
    }

    private static byte[] Head()
    {
        var head = new byte[OverlayHead.Length];
        "QFI\u00fb"u8.ToArray().AsSpan(0, 3).CopyTo(head);
        head[3] = 0xFB;
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(4), 3);
        BinaryPrimitives.WriteUInt64BigEndian(head.AsSpan(8), 512);
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(16), (uint)Below.Length);
        BinaryPrimitives.WriteUInt64BigEndian(head.AsSpan(24), (ulong)Size);
        Encoding.UTF8.GetBytes(Below).CopyTo(head.AsSpan(512));
        return head;
    }
}
