using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Tests.Images;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Standby;

/// <summary>The choice of standby clones that a job would get.</summary>
public sealed class StandbyFitnessTests
{
    private static readonly TemplateShape Shape = new()
    {
        Qemu = "7.2.0",
        Libvirt = "9.0.0",
        Accelerator = "tcg",
        Cpu = "",
        Machine = "q35",
        Cpus = 1,
        MemoryBytes = 1 << 28,
        DiskBytes = 1 << 30,
        Devices = "ab",
    };

    private static readonly ImageDefinition Image = TestPlan.Image() with { Standby = new StandbySettings { Count = 1, MaxAge = TimeSpan.FromHours(1) } };

    [Theory]
    [InlineData(0)]
    [InlineData(3599)]
    public void A_clone_of_the_same_generation_and_machine_that_is_young_enough_fits(int age) => Miss(Record(), age).Should().BeNull();

    [Fact]
    public void A_clone_that_has_waited_for_its_time_does_not() => Miss(Record(), 3600)!.Word.Should().Be("too_old");

    [Theory]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(null)]
    public void A_clone_of_another_generation_does_not_whether_newer_or_rolled_back(int? generation)
    {
        var record = Record();
        Miss(record with { Stamp = record.Stamp with { Generation = generation } }, 1)!.Word.Should().Be("generation");
    }

    [Fact]
    public void A_clone_whose_machine_differs_in_anything_does_not()
    {
        TemplateShape[] others =
        [
            Shape with { Qemu = "7.2.1" }, Shape with { Libvirt = "9.0.1" }, Shape with { Accelerator = "kvm" }, Shape with { Cpu = "x" }, Shape with { Machine = "pc" },
            Shape with { Cpus = 2 }, Shape with { MemoryBytes = 1 << 29 }, Shape with { DiskBytes = 1 << 31 }, Shape with { Devices = "ac" },
        ];

        others.Select(other => Miss(Record(other), 1)!.Word).Should().OnlyContain(word => word == "size");
    }

    [Fact]
    public void A_clone_of_an_earlier_boot_does_not()
    {
        var record = Record();
        Miss(record with { Stamp = record.Stamp with { Made = TestPlan.Made with { Boot = "another" } } }, 1)!.Word.Should().Be("restarted");
    }

    [Fact]
    public void Needs_are_the_own_size_and_each_further_one_that_wants_some()
    {
        var settings = new StandbySettings { Count = 2, Sizes = [new StandbySize(4, null, 1), new StandbySize(null, ByteSize.FromMebibytes(1024), 3)] };

        var needs = StandbyNeed.Of(Image with { Standby = settings });

        needs.Select(need => (need.Number, need.Count, need.Sizes.Cpus, need.Sizes.Memory)).Should().Equal((0, 2, null, null), (1, 1, "4", null), (2, 3, null, "1GiB"));
        StandbyNeed.Of(Image with { Standby = settings with { Count = 0 } }).Select(need => need.Number).Should().Equal(1, 2);
        StandbyNeed.Of(Image with { Standby = new StandbySettings() }).Should().BeEmpty();
    }

    [Fact]
    public void Keys_of_standby_clones_are_known_and_a_record_without_a_job_says_that_it_waits()
    {
        StandbyKey.MayBe(StandbyKey.Of(17)).Should().BeTrue();
        StandbyKey.MayBe(new JobKey("https://gitlab.example.com", "abc", 17)).Should().BeFalse();
        var record = Record();
        record.IsStandby.Should().BeTrue();
        record.StaysByItself.Should().BeTrue();
        var taken = record with { Stamp = record.Stamp with { Job = "abc-1-0123ab" } };
        (taken.IsStandby, taken.StaysByItself, taken.Stamp.JobName).Should().Be((false, false, "abc-1-0123ab"));
        JobRecord.TryParse(taken.ToJson()).Should().BeEquivalentTo(taken);
    }

    private static StandbyMiss? Miss(JobRecord record, int ageSeconds) =>
        new StandbyFitness(Image, new Core.Images.Generation(new AbsolutePath("/state/images/base/7"), TestGeneration.Record(7)), Shape, TestPlan.Made with { SinceBoot = TestPlan.Made.SinceBoot + TimeSpan.FromSeconds(ageSeconds) })
            .FindMiss(record);

    private static JobRecord Record(TemplateShape? shape = null)
    {
        var plan = TestPlan.For(Image);
        return new JobRecord
        {
            Stamp = TestPlan.Stamp(plan) with { Generation = 7 },
            Domain = plan.Domain.Value,
            LibvirtUri = "qemu:///system",
            Shell = "bash",
            Standby = new StandbyRecord((shape ?? Shape).Fingerprint, "1 CPU", "warm", TestPlan.Now, TestPlan.Made.SinceBoot),
        };
    }
}
