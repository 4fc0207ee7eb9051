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

/// <summary>Whatever texts come together in a domain's XML: it is well formed, and no text has become markup.</summary>
public sealed class ArbitraryTextTests
{
    private static readonly XElement Source = BuiltInMachine.Describe(TestPlan.Image(), new ImageSource.DiskFile(new AbsolutePath("/base.qcow2")), "x86_64");

    [Fact]
    public void A_stamp_of_any_project_and_directory_is_attributes_and_no_markup() =>
        ForAny.Value(HostileText.Any.Two(), pair =>
        {
            var (project, directory) = pair;
            var plan = TestPlan.For(TestPlan.Image(), project);
            var temporary = AbsolutePath.TryParse("/" + directory, out var path) ? path : null;
            var stamp = plan.Stamp(new RunnerProcess(42, 4242), temporary, TestPlan.Made, TestPlan.Now);

            var clone = Written(Derive(plan, stamp));

            var job = clone.Element("metadata")!.Elements().Should().ContainSingle().Which;
            job.HasElements.Should().BeFalse();
            job.Value.Should().BeEmpty();
            ((string?)job.Attribute("project")).Should().Be(XmlText.Replace(project));
            ((string?)job.Attribute("tmpdir")).Should().Be(
                temporary is not null && XmlText.CanCarry(temporary.Value) ? temporary.Value : null, "a directory under another name would seem to be gone");
            StampXml.TryParse(job.ToString()).Should().Be(
                stamp with { Project = XmlText.Replace(project), TemporaryDirectory = (string?)job.Attribute("tmpdir") }, "gc reads it back as it was");
            Shape(clone).Should().Be(Shape(Plain()));
        });

    [Fact]
    public void Any_text_in_any_place_of_a_stamp_is_a_stamp_or_none() =>
        ForAny.Value(
            from attribute in Gen.Elements("key", "image", "generation", "runner-pid", "runner-start", "since-boot", "created", "expires", "boot", "project")
            from text in Gen.OneOf(
                HostileText.Any,
                Gen.Elements("-1", "1", "99999999999999999999", "10675199.02:48:05.4775808", "9999-12-31T23:59:59.9999999-14:00", "0001-01-01T00:00:00.0000000+14:00"))
            select (Attribute: attribute, Text: XmlText.Replace(text)),
            given =>
            {
                var job = StampXml.Write(TestPlan.Stamp(TestPlan.For(TestPlan.Image())));
                job.SetAttributeValue(given.Attribute, given.Text);

                FluentActions.Invoking(() => StampXml.TryParse(job.ToString())).Should().NotThrow();
                StampXml.TryParse(given.Text).Should().BeNull();
            });

    [Fact]
    public void Any_token_of_a_runner_gives_a_clone_of_the_same_shape() =>
        ForAny.Value(HostileText.Decoded, token =>
        {
            var key = new JobKey("https://gitlab.example.com", token, 1);
            var plan = TestPlan.For(TestPlan.Image());
            plan = plan with { Job = plan.Job with { Key = key }, Paths = JobPaths.For(new AbsolutePath("/state"), key) };

            var clone = Written(Derive(plan, TestPlan.Stamp(plan)));

            clone.Element("name")!.Value.Should().Be($"vmx-{key}");
            Shape(clone).Should().Be(Shape(Plain()));
            plan.Paths.Directory.Parent().Value.Should().Be("/state/jobs");
        });

    [Fact]
    public void Any_paths_and_command_line_that_the_configuration_accepts_are_read_back_as_they_were() =>
        ForAny.Value(HostileText.Any.Two(), pair =>
        {
            var (text, cmdline) = pair;
            if (AbsolutePath.TryParse("/" + text, out var path) && XmlText.CanCarry(path.Value) && XmlText.CanCarry(cmdline) && !cmdline.Any(char.IsControl))
            {
                var file = new ImageSource.DiskFile(path) { Kernel = new DirectKernelBoot(path, path, cmdline) };

                var domain = Written(BuiltInMachine.Describe(TestPlan.Image(file), file, "x86_64"));

                domain.Descendants("source").First().Attribute("file")!.Value.Should().Be(path.Value);
                domain.Descendants("kernel").Single().Value.Should().Be(path.Value);
                domain.Descendants("initrd").Single().Value.Should().Be(path.Value);
                (domain.Descendants("cmdline").SingleOrDefault()?.Value ?? "").Should().Be(string.IsNullOrWhiteSpace(cmdline) ? "" : cmdline, "blanks alone say nothing to a kernel");
            }
        });

    [Fact]
    public void Any_target_of_a_disk_is_a_plain_name_or_refused() =>
        ForAny.Value(HostileText.Any.Where(XmlText.CanCarry), target =>
        {
            var disk = new XElement("disk", new XElement("source", new XAttribute("file", "/a")), new XElement("target", new XAttribute("dev", target)));
            try
            {
                var read = SourceDisk.WritableOf(new XElement("domain", new XElement("devices", disk))).Should().ContainSingle().Which;
                read.Target.Should().Be(target).And.MatchRegex(@"\A[A-Za-z0-9]{1,32}\z");
                var paths = TestPlan.For(TestPlan.Image()).Paths;
                paths.Overlay(read.Target).Parent().Should().Be(paths.Directory);
            }
            catch (SystemFailureException failure)
            {
                failure.Code.Should().Be(ErrorCodes.SourceUnsupported);
            }
        });

    [Fact]
    public void Characters_that_XML_cannot_carry_are_replaced_and_no_others() =>
        ForAny.Value(HostileText.Any, text =>
        {
            var replaced = XmlText.Replace(text);

            XElement.Parse(new XElement("x", new XAttribute("a", replaced)).ToString()).Attribute("a")!.Value.Should().Be(replaced);
            replaced.Length.Should().Be(text.Length);
            (XmlText.CanCarry(text) == (replaced == text)).Should().BeTrue();
            Writes(text).Should().Be(XmlText.CanCarry(text));
        });

    private static bool Writes(string text)
    {
        try
        {
            return new XElement("x", new XAttribute("a", text)).ToString().Length > 0;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static XElement Derive(ClonePlan plan, OwnershipStamp stamp) =>
        LinkedClone.Derive(Source, plan, stamp, new Dictionary<string, BackingChain> { ["vda"] = TestPlan.Chain("/base.qcow2") }, Accelerator.Kvm);

    private static XElement Plain()
    {
        var plan = TestPlan.For(TestPlan.Image());
        return Derive(plan, TestPlan.Stamp(plan));
    }

    /// <summary>As libvirt gets it.</summary>
    private static XElement Written(XElement domain) => XElement.Parse(domain.ToString());

    private static string Shape(XElement domain) => string.Join(' ', domain.DescendantsAndSelf().Select(element => element.Name));
}
