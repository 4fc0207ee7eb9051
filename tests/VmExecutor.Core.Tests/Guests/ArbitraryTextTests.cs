using System.Globalization;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Tests.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

/// <summary>Arbitrary texts about a guest, from configuration, records and guests: they are well formed, or not accepted at all.</summary>
public sealed class ArbitraryTextTests
{
    [Fact]
    public void Any_host_and_port_are_an_address_that_ssh_takes_for_nothing_else_or_none() =>
        ForAny.Value(
            from host in Gen.OneOf(HostileText.Any, Gen.Elements("-", "a", "127.0.0.1", "::1", "fe80::1%eth0", "-oProxyCommand=id", "a@b", "a:22"))
            from port in Gen.OneOf(Gen.Choose(-2, 3), Gen.Choose(65_530, 65_540), Gen.Choose(int.MinValue, int.MaxValue))
            select (Host: host, Port: port),
            given =>
            {
                if (GuestAddress.TryParse(given.Host, given.Port, out var address))
                {
                    address.Host.Should().Be(given.Host).And.MatchRegex(@"\A[A-Za-z0-9.:][A-Za-z0-9.:-]*\z");
                    address.Port.Should().BeInRange(1, 65_535);
                    new GuestAddress(given.Host, given.Port).Should().Be(address);
                }
                else
                {
                    FluentActions.Invoking(() => new GuestAddress(given.Host, given.Port)).Should().Throw<ArgumentException>();
                }
            });

    [Fact]
    public void Any_text_is_a_user_name_by_the_rule_or_none() =>
        ForAny.Value(Gen.OneOf(HostileText.Any, Gen.Elements("a", "_", "-", ".", "9", "é", "@", "\n").ListOf().Select(string.Concat)), text =>
        {
            if (GuestUser.TryParse(text, out var user))
            {
                user.Value.Should().Be(text).And.MatchRegex(@"\A[A-Za-z_][A-Za-z0-9._-]{0,31}\z");
            }
            else
            {
                FluentActions.Invoking(() => new GuestUser(text)).Should().Throw<ArgumentException>();
            }
        });

    [Fact]
    public void Any_text_is_one_public_key_on_one_line_or_none() =>
        ForAny.Value(
            Gen.OneOf(
                HostileText.Any,
                Gen.Elements("ssh-ed25519", "ssh-rsa", "sk-x@y.z", "ecdsa-sha2-nistp256", " ", "\t", "AAAA", "AA==", "A", "\n", "\r", "\f", "\u0085", "*", ",", "#", "@cert-authority ", "@revoked * ssh-rsa AAAA").ListOf()
                    .Select(string.Concat)),
            text =>
            {
                if (HostKey.TryParse(text, out var key))
                {
                    key.ToString().Should().MatchRegex(@"\A(ssh-|ecdsa-sha2-|sk-)[A-Za-z0-9@.-]* [A-Za-z0-9+/]+={0,2}\z");
                    HostKey.Parse(key.ToString()).Should().Be(key);
                }
                else
                {
                    FluentActions.Invoking(() => HostKey.Parse(text)).Should().Throw<FormatException>();
                }
            });

    [Fact]
    public void Any_bytes_are_a_token_of_32_hex_digits_or_none() =>
        ForAny.Value(Gen.OneOf(Bytes(), Gen.ArrayOf(Gen.Choose(0, 255).Select(value => (byte)value), 16)), bytes =>
        {
            if (bytes.Length == 16)
            {
                new RunToken(bytes).Value.Should().Be(Convert.ToHexStringLower(bytes));
            }
            else
            {
                FluentActions.Invoking(() => new RunToken(bytes)).Should().Throw<ArgumentException>();
            }
        });

    [Fact]
    public void Any_number_is_an_exit_code_of_a_process_or_none() =>
        ForAny.Value(Gen.OneOf(Gen.Choose(-3, 300), Gen.Choose(int.MinValue, int.MaxValue)), number =>
        {
            if (number is >= 0 and <= 255)
            {
                new ScriptExit(number).ToString().Should().StartWith(string.Create(CultureInfo.InvariantCulture, $"exit code {number}"));
            }
            else
            {
                FluentActions.Invoking(() => new ScriptExit(number)).Should().Throw<ArgumentOutOfRangeException>();
            }
        });

    [Fact]
    public void Whatever_a_guest_answers_is_a_number_in_its_bounds_or_no_answer() =>
        ForAny.Value(Answers(), output =>
        {
            (RunInquiry.Parse(output)?.Status ?? 0).Should().BeInRange(0, 999);
            (RunEnder.ParseLeft(output) ?? 0).Should().BeInRange(0, 999_999);
            GuestChecks.ParseLoginShell(output).Should().BeDefined();
            GuestChecks.ParseMissing(output)?.Should().NotContain(name => name.Length == 0 || name.Contains('\n'));
        });

    [Fact]
    public void A_digit_of_another_script_is_no_digit()
    {
        RunInquiry.Parse("vmx-status:٣ 1.0. there. 2.0\n").Should().BeNull();
        RunEnder.ParseLeft("vmx-left:٣\n").Should().BeNull();
    }

    private static Gen<byte[]> Bytes() => Gen.ArrayOf(Gen.Choose(0, 255).Select(value => (byte)value));

    // "٣" is a digit to .NET's \d, and to no other program here.
    private static Gen<string> Answers() => Gen.OneOf(
        HostileText.Any,
        Gen.Elements("vmx-status:", "vmx-left:", "vmx-ready:", "vmx-login:bash", "\n", "0", "7", "255", "901", "٣", "-", " ", ".", "99999999999", "\r").ListOf()
            .Select(string.Concat));
}
