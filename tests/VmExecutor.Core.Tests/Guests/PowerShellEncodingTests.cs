using System.Text;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

public sealed class PowerShellEncodingTests
{
    private const string Words = "try { $OutputEncoding = [Console]::InputEncoding = [Console]::OutputEncoding = [Text.UTF8Encoding]::new($false) } catch {}; ";

    [Theory]
    [InlineData("#!/usr/bin/env pwsh\n", "& {\n\nexit 1\n}\n")]
    [InlineData("", "& {\r\n\r\nexit 1\r\n}\r\n")]
    [InlineData("\ufeff", "& {\r\nexit 1}")]
    [InlineData("\ufeff#!/usr/bin/env pwsh\r\n", "& {\r\nexit 1}")]
    public void A_script_of_the_runner_gets_the_words_on_the_line_of_its_block(string before, string block) =>
        Apply(GuestShell.Pwsh, before + block).Should().Be(before + Words + block);

    [Theory]
    [InlineData("")]
    [InlineData("#!")]
    [InlineData("#!/usr/bin/env pwsh")]
    [InlineData("#!/usr/bin/env pwsh\nparam($x)\n& { 1 }\n")]
    [InlineData("using namespace System\n& { 1 }\n")]
    [InlineData("#requires -Version 7\n& { 1 }\n")]
    [InlineData("echo '#!\n& {'")]
    public void A_script_of_another_shape_stays_as_it_is(string script) => Apply(GuestShell.Pwsh, script).Should().Be(script);

    [Theory]
    [InlineData(GuestShell.Bash)]
    [InlineData(GuestShell.Sh)]
    public void Scripts_for_other_shells_stay_as_they_are(GuestShell shell) => Apply(shell, "#!/bin/sh\n& {\n").Should().Be("#!/bin/sh\n& {\n");

    private static string Apply(GuestShell shell, string script) => Encoding.UTF8.GetString(PowerShellEncoding.Apply(shell, Encoding.UTF8.GetBytes(script)).Span);
}
