using System.Text;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests.Preparation;
using Xunit;

namespace VmExecutor.Core.Tests.Guests.Preparation;

public sealed class HookScriptTests
{
    [Theory]
    [InlineData(GuestShell.Bash, "export A='1'\nexport B='it'\\''s\n2'\n#!/bin/bash\ntrue\n")]
    [InlineData(GuestShell.Sh, "export A='1'\nexport B='it'\\''s\n2'\n#!/bin/bash\ntrue\n")]
    [InlineData(GuestShell.Pwsh, "$env:A='1'\n$env:B='it''s\n2'\n#!/bin/bash\ntrue\n")]
    public void Variables_come_before_the_script_in_its_shells_own_words(GuestShell shell, string text)
    {
        Text(shell, "#!/bin/bash\ntrue\n", ("B", "it's\n2"), ("A", "1")).Should().Be(text);
    }

    [Fact]
    public void Characters_that_PowerShell_takes_for_a_quote_are_doubled()
    {
        Text(GuestShell.Pwsh, "", ("A", "\u2018\u2019\u201a\u201b'")).Should().Be("$env:A='\u2018\u2018\u2019\u2019\u201a\u201a\u201b\u201b'''\n");
    }

    [Fact]
    public void A_byte_order_mark_is_left_out_where_it_is_no_longer_one()
    {
        HookScript.Text(GuestShell.Bash, [0xEF, 0xBB, 0xBF, (byte)'x', 0xFF], new Dictionary<string, string>()).Should().Equal((byte)'x', 0xFF);
    }

    [Theory]
    [InlineData("A B", "")]
    [InlineData("A;touch x", "")]
    [InlineData("A\n", "")]
    [InlineData("A", "secret\0")]
    public void A_name_or_value_that_no_shell_can_hold_is_refused_without_telling_the_value(string name, string value)
    {
        FluentActions.Invoking(() => Text(GuestShell.Bash, "", (name, value)))
            .Should().Throw<ArgumentException>().Which.Message.Should().NotContain("secret");
    }

    private static string Text(GuestShell shell, string script, params (string Name, string Value)[] variables) =>
        Encoding.UTF8.GetString(HookScript.Text(shell, Encoding.UTF8.GetBytes(script), variables.ToDictionary(variable => variable.Name, variable => variable.Value)));
}
