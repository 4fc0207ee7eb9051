using System.Diagnostics;
using FluentAssertions;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The pipeline releases a tag only where it is the version that the files say (executor/package/check-tag).</summary>
public sealed class ReleaseTagTests : IDisposable
{
    private const string Script = "executor/package/check-tag";

    private readonly string _tree = Directory.CreateTempSubdirectory("vmx-tag-").FullName;

    [Theory]
    [InlineData("v1.20.3", "1.20.3", "## 1.20.3, 2026-12-01", null)]
    [InlineData("v1.20.3", "1.20.3", "## [1.20.3] - 2026-12-01", null)]
    [InlineData("v1.20.4", "1.20.3", "## 1.20.4, 2026-12-01", "tag 'v1.20.4' is not v1.20.3")]
    [InlineData("1.20.3", "1.20.3", "## 1.20.3, 2026-12-01", "tag '1.20.3' is not v1.20.3")]
    [InlineData("v1.20.3-rc1", "1.20.3", "## 1.20.3, 2026-12-01", "tag 'v1.20.3-rc1' is not v1.20.3")]
    [InlineData("v1.20", "1.20.3", "## 1.20.3, 2026-12-01", "tag 'v1.20' is not v1.20.3")]
    [InlineData("v1x20x3", "1.20.3", "## 1.20.3, 2026-12-01", "tag 'v1x20x3' is not v1.20.3")]
    [InlineData("", "1.20.3", "## 1.20.3, 2026-12-01", "tag '' is not v1.20.3")]
    [InlineData("v1.20.3", "1.20.3", "## 1.20.3, not yet released", "CHANGELOG.md has no section '## 1.20.3' with a date")]
    [InlineData("v1.20.3", "1.20.3", "## 1.20.30, 2026-12-01", "CHANGELOG.md has no section '## 1.20.3' with a date")]
    [InlineData("v1.20.3", "1.20.3", "## 1x20x3, 2026-12-01", "CHANGELOG.md has no section '## 1.20.3' with a date")]
    [InlineData("v1.20.3", "1.20.3</Version>\n    <Version>1.20.3", "## 1.20.3, 2026-12-01", "Directory.Build.props has no single <Version>")]
    public async Task A_tag_is_released_only_as_the_version_and_the_changelog_have_it(string tag, string version, string section, string? complaint)
    {
        Directory.CreateDirectory(Path.Combine(_tree, "executor/package"));
        ProgramFile.Copy(Path.Combine(BuiltDriver.Checkout(), Script), Path.Combine(_tree, Script));
        await File.WriteAllTextAsync(Path.Combine(_tree, "Directory.Build.props"), $"<Project>\n  <PropertyGroup>\n    <Version>{version}</Version>\n  </PropertyGroup>\n</Project>\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_tree, "CHANGELOG.md"), $"# Changelog\n\n{section}\n", TestContext.Current.CancellationToken);

        var (exitCode, error) = await RunAsync(_tree, tag);

        exitCode.Should().Be(complaint is null ? 0 : 1, error);
        error.Contains(complaint ?? "", StringComparison.Ordinal).Should().BeTrue(error);
    }

    [Fact]
    public async Task The_version_of_this_checkout_is_found()
    {
        var (_, error) = await RunAsync(BuiltDriver.Checkout(), "v0");

        error.Should().MatchRegex(@"^check-tag: tag 'v0' is not v[0-9]+\.[0-9]+\.[0-9]+: ");
    }

    [Fact]
    public void The_job_that_releases_waits_for_the_one_that_looks_at_the_tag()
    {
        var jobs = File.ReadAllText(Path.Combine(BuiltDriver.Checkout(), ".gitlab-ci.yml")).Split("\n\n");

        jobs.Should().ContainSingle(job => job.Contains($"\n    - {Script} \"$CI_COMMIT_TAG\"", StringComparison.Ordinal)).Which.Should().Contain("tag:\n");
        jobs.Should().ContainSingle(job => job.Contains("/releases\"", StringComparison.Ordinal)).Which.Should().MatchRegex(@"\n  needs: \[tag, ");
    }

    public void Dispose() => Directory.Delete(_tree, recursive: true);

    private static async Task<(int ExitCode, string Error)> RunAsync(string tree, string tag)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(tree, Script), [tag]) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, error);
    }
}
