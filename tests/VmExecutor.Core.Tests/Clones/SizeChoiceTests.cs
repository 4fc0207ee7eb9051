using System.Globalization;
using System.Text;
using System.Xml.Linq;
using FluentAssertions;
using FsCheck.Fluent;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class SizeChoiceTests
{
    private static readonly MachineSize Source = new(2, Size("1GiB"), Size("8GiB"));
    private static readonly HostShare Share = new(3, Size("1536MiB"));

    private static readonly SizeSettings Limits = new()
    {
        MinCpus = 1,
        MaxCpus = 4,
        MinMemory = Size("512MiB"),
        MaxMemory = Size("4GiB"),
        MaxDisk = Size("20GiB"),
    };

    [Fact]
    public void Without_any_setting_a_clone_is_as_its_source()
    {
        Decide(new RequestedSizes(), new SizeSettings()).Should().Be(new CloneSizes());
        Decide(new RequestedSizes(), Limits).Should().Be(new CloneSizes());
    }

    [Fact]
    public void The_images_size_holds_where_the_job_says_nothing() =>
        Decide(new RequestedSizes { Disk = "10GiB" }, Limits, cpus: new(3), memory: new(Size("2GiB"))).Should().Be(new CloneSizes { Cpus = 3, Memory = Size("2GiB"), Disk = Size("10GiB") });

    [Fact]
    public void A_job_may_choose_up_to_each_limit()
    {
        Decide(new RequestedSizes { Cpus = "4", Memory = "4GiB", Disk = "20GiB" }, Limits).Should().Be(new CloneSizes { Cpus = 4, Memory = Size("4GiB"), Disk = Size("20GiB") });
        Decide(new RequestedSizes { Cpus = "1", Memory = "512MiB", Disk = "8GiB" }, Limits).Should().Be(new CloneSizes { Cpus = 1, Memory = Size("512MiB"), Disk = Size("8GiB") });
    }

    [Fact]
    public void Without_limits_a_job_may_say_what_it_has_anyway_or_take_fewer_processors()
    {
        Decide(new RequestedSizes { Cpus = "2", Memory = "1GiB", Disk = "8GiB" }, new SizeSettings()).Should().Be(new CloneSizes { Cpus = 2, Memory = Size("1GiB"), Disk = Size("8GiB") });
        Decide(new RequestedSizes { Cpus = "1" }, new SizeSettings()).Cpus.Should().Be(1);
    }

    [Theory]
    [InlineData("5", null, null, "VM_CPUS is '5', and image 'base' allows 1 to 4")]
    [InlineData("0", null, null, "VM_CPUS is '0', and image 'base' allows 1 to 4")]
    [InlineData(null, "8GiB", null, "VM_MEMORY is '8GiB', and image 'base' allows 512MiB to 4GiB")]
    [InlineData(null, "256MiB", null, "VM_MEMORY is '256MiB', and image 'base' allows 512MiB to 4GiB")]
    [InlineData(null, null, "21GiB", "VM_DISK is '21GiB', and image 'base' allows 8GiB to 20GiB")]
    [InlineData(null, null, "7GiB", "VM_DISK is '7GiB', and image 'base' allows 8GiB to 20GiB")]
    public void Out_of_range_is_a_build_failure_with_the_range(string? cpus, string? memory, string? disk, string message) =>
        Failure(() => Decide(new RequestedSizes { Cpus = cpus, Memory = memory, Disk = disk }, Limits), ErrorCodes.SizeOutOfRange).Should().Be(message);

    [Theory]
    [InlineData("3", null, null, "VM_CPUS is '3', and image 'base' allows 1 to 2")]
    [InlineData(null, "2GiB", null, "VM_MEMORY is '2GiB', and image 'base' allows only 1GiB")]
    [InlineData(null, null, "9GiB", "VM_DISK is '9GiB', and image 'base' allows only 8GiB")]
    public void Without_limits_nothing_larger_is_allowed_than_the_image_has(string? cpus, string? memory, string? disk, string message) =>
        Failure(() => Decide(new RequestedSizes { Cpus = cpus, Memory = memory, Disk = disk }, new SizeSettings()), ErrorCodes.SizeOutOfRange).Should().Be(message);

    [Theory]
    [InlineData("two", null, null, "VM_CPUS is 'two', which is not a whole number such as 4; allowed: 1 to 4")]
    [InlineData("-1", null, null, "VM_CPUS is '-1', which is not a whole number such as 4; allowed: 1 to 4")]
    [InlineData("1e1", null, null, "VM_CPUS is '1e1', which is not a whole number such as 4; allowed: 1 to 4")]
    [InlineData("4\u001b[31m", null, null, "VM_CPUS is '4\\u001b[31m', which is not a whole number such as 4; allowed: 1 to 4")]
    [InlineData("99999999999", null, null, "VM_CPUS is '99999999999', which is not a whole number such as 4; allowed: 1 to 4")]
    [InlineData(null, "2048", null, "VM_MEMORY is '2048', which is not a size such as 2GiB or 512MiB; allowed: 512MiB to 4GiB")]
    [InlineData(null, "1.5GiB", null, "VM_MEMORY is '1.5GiB', which is not a size such as 2GiB or 512MiB; allowed: 512MiB to 4GiB")]
    [InlineData(null, null, "20G", "VM_DISK is '20G', which is not a size such as 2GiB or 512MiB; allowed: 8GiB to 20GiB")]
    public void A_text_that_is_no_size_is_a_build_failure_that_shows_a_right_one(string? cpus, string? memory, string? disk, string message) =>
        Failure(() => Decide(new RequestedSizes { Cpus = cpus, Memory = memory, Disk = disk }, Limits), ErrorCodes.SizeNotUnderstood).Should().Be(message);

    [Fact]
    public void Auto_is_the_hosts_share_within_the_limits()
    {
        Decide(new RequestedSizes(), new SizeSettings(), new(null), new(null)).Should().Be(new CloneSizes { Cpus = 3, Memory = Size("1536MiB") });
        Decide(new RequestedSizes(), new SizeSettings { MaxCpus = 2, MinMemory = Size("2GiB") }, new(null), new(null)).Should().Be(new CloneSizes { Cpus = 2, Memory = Size("2GiB") });
        Failure(() => Decide(new RequestedSizes { Cpus = "4" }, new SizeSettings(), new(null)), ErrorCodes.SizeOutOfRange).Should().Contain("allows 1 to 3");
    }

    [Fact]
    public void A_disk_that_is_not_there_cannot_be_made_larger() =>
        Failure(() => SizeChoice.Decide(Job(new RequestedSizes { Disk = "1GiB" }), TestPlan.Image(), Source with { Disk = default }, null), ErrorCodes.SizeOutOfRange)
            .Should().Be("VM_DISK is set, and image 'base' has no disk that could be made larger");

    [Theory]
    [InlineData("2", "1GiB", "1GiB", null, null)]
    [InlineData("5", null, null, 1014, "VM_CPUS is '5', and image 'base' allows 1 to 4")]
    [InlineData(null, "8GiB", null, 1014, "VM_MEMORY is '8GiB', and image 'base' allows 512MiB to 4GiB")]
    [InlineData(null, null, "21GiB", 1014, "VM_DISK is '21GiB', and image 'base' allows at most 20GiB")]
    [InlineData(null, "much", null, 1013, "VM_MEMORY is 'much', which is not a size such as 2GiB or 512MiB; allowed: 512MiB to 4GiB")]
    public void The_config_stage_refuses_what_the_configuration_alone_rules_out(string? cpus, string? memory, string? disk, int? code, string? message)
    {
        var check = () => SizeChoice.Check(Job(new RequestedSizes { Cpus = cpus, Memory = memory, Disk = disk }), TestPlan.Image() with { Sizes = Limits });
        if (code is { } number)
        {
            Failure(check, new ErrorCode(number)).Should().Be(message);
        }
        else
        {
            check.Should().NotThrow();
        }
    }

    [Fact]
    public void The_config_stage_lets_pass_what_only_the_source_can_rule_out() =>
        FluentActions.Invoking(() => SizeChoice.Check(Job(new RequestedSizes { Cpus = "100", Memory = "1TiB", Disk = "1TiB" }), TestPlan.Image())).Should().NotThrow();

    [Fact]
    public void Whatever_a_job_writes_gives_sizes_within_the_limits_or_one_printable_line() =>
        ForAny.Value(Gen.OneOf(HostileText.Any, Gen.Elements("1", "4", "2GiB", "512MiB", "10GiB", "0", "00004", "9223372036854775807B")), text =>
        {
            foreach (var sizes in new[] { new RequestedSizes { Cpus = text }, new RequestedSizes { Memory = text }, new RequestedSizes { Disk = text } })
            {
                try
                {
                    var decided = Source.With(Decide(sizes, Limits));
                    decided.Cpus.Should().BeInRange(1, 4);
                    decided.Memory.Bytes.Should().BeInRange(Size("512MiB").Bytes, Size("4GiB").Bytes);
                    decided.Disk.Bytes.Should().BeInRange(Size("8GiB").Bytes, Size("20GiB").Bytes);
                }
                catch (BuildFailureException failure)
                {
                    failure.Message.Length.Should().BeLessThan(600);
                    failure.Message.EnumerateRunes().Select(Rune.GetUnicodeCategory).Should().NotContain(
                        [UnicodeCategory.Control, UnicodeCategory.Format, UnicodeCategory.LineSeparator, UnicodeCategory.ParagraphSeparator]);
                }
            }
        });

    [Theory]
    [InlineData("<domain><memory>1048576</memory><vcpu>2</vcpu></domain>", 2, "1GiB")]
    [InlineData("<domain><memory unit='KiB'>1024</memory><vcpu placement='static'> 2 </vcpu></domain>", 2, "1MiB")]
    [InlineData("<domain><memory unit='MiB'>512</memory><currentMemory>1</currentMemory><vcpu current='1'>4</vcpu></domain>", 1, "512MiB")]
    [InlineData("<domain><memory unit='g'>2</memory></domain>", 1, "2GiB")]
    [InlineData("<domain><memory unit='GB'>2</memory></domain>", 1, "2GB")]
    [InlineData("<domain><memory unit='bytes'>2048</memory></domain>", 1, "2KiB")]
    [InlineData("<domain><memory unit='E'>100</memory></domain>", 1, "0B")]
    [InlineData("<domain/>", 1, "0B")]
    public void The_sizes_of_a_source_are_read_in_libvirts_units(string xml, int cpus, string memory) =>
        MachineSize.Of(XElement.Parse(xml), default).Should().Be(new MachineSize(cpus, Size(memory), default));

    [Theory]
    [InlineData(8, "16GiB", 4, 2, "3968MiB")]
    [InlineData(2, "2GiB", 4, 1, "384MiB")]
    [InlineData(7, "10000MiB", 2, 3, "4736MiB")]
    [InlineData(1, "256MiB", 3, 1, "64MiB")]
    public void The_hosts_share_is_rounded_down_and_never_nothing(int cpus, string memory, int vms, int shareCpus, string shareMemory) =>
        HostShare.Of(cpus, Size(memory), new LimitSettings { MaxVms = vms, MemoryHeadroom = Size("512MiB") }).Should().Be(new HostShare(shareCpus, Size(shareMemory)));

    [Fact]
    public void A_host_that_nothing_divides_has_no_share() => HostShare.Of(4, Size("8GiB"), new LimitSettings()).Should().BeNull();

    [Fact]
    public void Sizes_are_told_in_the_units_that_people_write()
    {
        Source.ToString().Should().Be("2 CPUs, 1GiB memory, 8GiB disk");
        new MachineSize(1, Size("1536MiB"), default).ToString().Should().Be("1 CPU, 1536MiB memory");
    }

    private static CloneSizes Decide(RequestedSizes wanted, SizeSettings limits, OrAuto<int>? cpus = null, OrAuto<ByteSize>? memory = null) =>
        SizeChoice.Decide(Job(wanted), TestPlan.Image() with { Cpus = cpus, Memory = memory, Sizes = limits }, Source, Share);

    private static Job Job(RequestedSizes wanted) => TestPlan.For(TestPlan.Image()).Job with { Sizes = wanted };

    private static string Failure(Func<CloneSizes> decide, ErrorCode code) => Failure(() => { decide(); }, code);

    private static string Failure(Action decide, ErrorCode code)
    {
        var failure = decide.Should().Throw<BuildFailureException>().Which;
        failure.Code.Should().Be(code);
        failure.Hint.Should().Contain(".gitlab-ci.yml");
        return failure.Message;
    }

    private static ByteSize Size(string text) => ByteSize.TryParse(text, out var size) ? size : throw new ArgumentException(text);
}
