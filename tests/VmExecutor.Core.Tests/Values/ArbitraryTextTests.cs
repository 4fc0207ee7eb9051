using System.Text.RegularExpressions;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

/// <summary>Whatever text they are given, values are well formed or do not come into being.</summary>
public sealed class ArbitraryTextTests
{
    [Fact]
    public void Any_text_is_a_normal_absolute_path_or_none() =>
        ForAny.Value(Gen.OneOf(HostileText.Any, HostileText.Any.Select(text => "/" + text)), text =>
        {
            if (AbsolutePath.TryParse(text, out var path))
            {
                ShouldBeNormal(path);
                new AbsolutePath(text).Should().Be(path);
                new AbsolutePath(path.Value).Should().Be(path);
            }
            else
            {
                FluentActions.Invoking(() => new AbsolutePath(text)).Should().Throw<ArgumentException>();
            }
        });

    [Fact]
    public void A_child_lies_in_its_directory_whatever_its_name() =>
        ForAny.Value(
            from name in HostileText.Any
            from directory in Gen.Elements("/", "/state", "/state/jobs")
            select (Directory: new AbsolutePath(directory), Name: name),
            given =>
            {
                if (Made(() => given.Directory.Child(given.Name)) is { } child)
                {
                    ShouldBeNormal(child);
                    child.Parent().Should().Be(given.Directory);
                    child.Name.Should().Be(given.Name);
                }
            });

    [Fact]
    public void Any_text_resolves_to_a_normal_path_or_to_none() =>
        ForAny.Value(HostileText.Any, text =>
        {
            var directory = new AbsolutePath("/etc/vm-executor");
            if (directory.TryResolve(text, out var path))
            {
                ShouldBeNormal(path);
                directory.Resolve(text).Should().Be(path);
            }
            else
            {
                FluentActions.Invoking(() => directory.Resolve(text)).Should().Throw<ArgumentException>();
            }
        });

    [Fact]
    public void Any_text_is_a_host_name_label_or_no_domain_name() =>
        ForAny.Value(NearlyNames(), text =>
        {
            var valid = Regex.IsMatch(text, @"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z");

            (Made(() => new DomainName(text))?.Value == text).Should().Be(valid);
        });

    [Fact]
    public void Any_text_is_an_image_name_by_the_rule_or_none() =>
        ForAny.Value(NearlyNames(), text =>
            ImageName.TryParse(text, out _).Should().Be(Regex.IsMatch(text, @"\A[a-z0-9][a-z0-9._-]{0,62}\z")));

    [Fact]
    public void Any_three_octets_are_a_well_formed_mac_address() =>
        ForAny.Value(
            Gen.ArrayOf(Gen.Choose(0, 255).Select(octet => (byte)octet), 3),
            octets => new MacAddress(octets).Value.Should().MatchRegex("^52:54:00(:[0-9a-f]{2}){3}$"));

    [Fact]
    public void Any_text_is_refused_as_a_size_or_means_what_is_written_for_it() =>
        ForAny.Value(
            Gen.Elements("0", "1", "9", "9223372036854775807", "99999999999", "B", "kB", "KiB", "MiB", "gb", "TiB", " ", "-", "+", ".", "\0", "٣").ListOf().Select(string.Concat),
            text =>
            {
                if (ByteSize.TryParse(text, out var size))
                {
                    size.Bytes.Should().BeGreaterThanOrEqualTo(0);
                    ByteSize.TryParse(size.ToString(), out var again).Should().BeTrue();
                    again.Should().Be(size);
                }
            });

    [Fact]
    public void Any_number_is_an_error_code_of_four_digits_or_none() =>
        ForAny.Value(Gen.OneOf(Gen.Choose(int.MinValue, int.MaxValue), Gen.Choose(990, 10_010)), number =>
        {
            try
            {
                new ErrorCode(number).ToString().Should().MatchRegex("^VMX[1-9][0-9]{3}$");
            }
            catch (ArgumentOutOfRangeException)
            {
                number.Should().Match(refused => refused < 1000 || refused > 9999);
            }
        });

    private static Gen<string> NearlyNames() => Gen.OneOf(
        HostileText.Any,
        Gen.Elements("a", "z", "0", "9", "-", ".", "_", "A", "é", "\n", new string('x', 60)).ListOf().Select(string.Concat));

    private static void ShouldBeNormal(AbsolutePath path)
    {
        path.Value.Should().StartWith("/");
        path.Value.Should().NotContainAny("\0", "\n", "\r", "//");
        path.Value.Split('/').Should().NotContain(["..", "."]);
    }

    private static T? Made<T>(Func<T> make)
        where T : class
    {
        try
        {
            return make();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
