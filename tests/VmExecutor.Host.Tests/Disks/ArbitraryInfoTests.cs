using System.Text.Json;
using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using Xunit;

namespace VmExecutor.Host.Tests.Disks;

/// <summary>Whatever qemu-img says of a base, whose header may be hostile: it is a chain of files, or a base that cannot be used.</summary>
public sealed class ArbitraryInfoTests
{
    private static readonly AbsolutePath Asked = new("/images/base.qcow2");

    private static readonly string Real = JsonSerializer.Serialize(new object[]
    {
        new Dictionary<string, object>
        {
            ["filename"] = "/images/base.qcow2",
            ["format"] = "qcow2",
            ["virtual-size"] = 1073741824L,
            ["backing-filename"] = "older.raw",
            ["format-specific"] = new { type = "qcow2", data = new { corrupt = false } },
        },
        new Dictionary<string, object> { ["filename"] = "older.raw", ["format"] = "raw", ["virtual-size"] = 1073741824L },
    });

    [Fact]
    public void The_output_of_the_real_qemu_img_is_read() =>
        Read(Real)!.Files.Select(file => file.Path.Value).Should().Equal("/images/base.qcow2", "/images/older.raw");

    [Fact]
    public void Any_text_is_no_chain() => ForAny.Value(HostileText.Any, text => Read(text).Should().BeNull());

    [Fact]
    public void A_cut_text_is_no_chain_and_one_wrong_character_is_no_other_failure()
    {
        for (var at = 0; at < Real.Length; at++)
        {
            Read(Real[..at]).Should().BeNull();
            foreach (var wrong in "\"}]0-n")
            {
                Read(Real.Remove(at, 1).Insert(at, wrong.ToString()));
            }
        }
    }

    [Fact]
    public void Any_name_of_a_file_is_one_that_a_domain_can_have_or_the_base_is_refused() =>
        ForAny.Value(
            from name in Gen.OneOf(HostileText.Any, HostileText.Any.Select(text => "/" + text))
            from format in HostileText.Any
            select JsonSerializer.Serialize(new[] { new Dictionary<string, object> { ["filename"] = name, ["format"] = format, ["virtual-size"] = 512 } }),
            json =>
            {
                if (Read(json) is { } chain)
                {
                    XmlText.CanCarry(chain.Top.Path.Value).Should().BeTrue();
                }
            });

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("[null]")]
    [InlineData("""[{"filename":"/a","format":null,"virtual-size":1}]""")]
    [InlineData("""[{"filename":null,"format":"raw","virtual-size":1}]""")]
    [InlineData("""[{"filename":"/a","format":"raw","virtual-size":-1}]""")]
    [InlineData("""[{"filename":"/a","format":"raw","virtual-size":1e400}]""")]
    [InlineData("""[{"filename":"/a","format":"raw","virtual-size":1,"format-specific":[]}]""")]
    [InlineData("""[{"filename":"/a","format":"raw","virtual-size":1,"format-specific":{"data":7}}]""")]
    [InlineData("""[{"filename":"json:{\"driver\":\"nbd\"}","format":"raw","virtual-size":1}]""")]
    [InlineData("""[{"filename":"a\nb","format":"raw","virtual-size":1}]""")]
    [InlineData("""[{"filename":"/a\u001bb","format":"raw","virtual-size":1}]""")]
    public void An_answer_that_describes_no_files_is_a_base_that_cannot_be_used(string json) => Read(json).Should().BeNull();

    private static BackingChain? Read(string json)
    {
        try
        {
            return QemuImgInfo.Parse(json, Asked);
        }
        catch (BaseDiskException failure)
        {
            failure.Code.Should().Be(ErrorCodes.BaseDiskUnusable);
            failure.Message.Should().Contain(Asked.Value);
            return null;
        }
    }
}
