using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Registration;
using VmExecutor.Core.Tests.Configuration;
using VmExecutor.Core.Values;
using VmExecutor.Fuzz.Tests.Engine;
using VmExecutor.GitlabCi;
using VmExecutor.GitlabCi.Artifacts;

namespace VmExecutor.Fuzz.Tests.Readers;

/// <summary>The readers of files that people write: settings, images, the runner's configuration, a project's <c>.gitlab-ci.yml</c>.</summary>
internal static class ConfigurationReaders
{
    private static readonly AbsolutePath Toml = new("/etc/gitlab-runner/config.toml");
    private static readonly AbsolutePath Ci = new("/repo/.gitlab-ci.yml");

    private static readonly string[] YamlWords =
    [
        ": ", "- ", "? ", "[", "]", "{", "}", "&a ", "*a", "<<: *a", "!reference [a, b]", "!!int ", "!x ", "|\n", ">\n", "%YAML 1.2\n", "---\n", "...\n", "'", "\"", "#", "\u0085", "\ufeff", "!!binary ", "!!timestamp ", "!ruby/object:X ",
    ];

    public static IReadOnlyList<Reader> All { get; } =
    [
        Reader.OfText(
            "settings", "the administrator", Grammar.Yaml, [.. Corpus.Seeds("settings"), "state_dir: /state\nlimits:\n  max_kept: 2\nlibvirt:\n  uri: qemu:///system\n"],
            text => _ = Parse(text).Bind(ImageTexts.None).Warnings.Count, "Core/Configuration/Binding/YamlReader.cs") with
        {
            Refuses = [ErrorCodes.ConfigurationInvalid],
            Words = YamlWords,
        },
        Reader.OfText(
            "image", "the administrator", Grammar.Yaml, [EveryKey.OfFile, EveryKey.OfDomain, EveryKey.OfUrl, .. Corpus.Seeds("images")], text => _ = BindImage(text).Settings.Images.Count, "Core/Configuration/Binding/YamlReader.cs") with
        {
            Refuses = [ErrorCodes.ConfigurationInvalid],
            Words = [.. YamlWords, "source: ", "ssh:\n", "network: ", "sizes:\n", "allow: ", "standby: "],
        },
        Reader.OfText(
            "gitlab-ci", "a project's authors", Grammar.Yaml, Corpus.Seeds("gitlab-ci"), ReadCi, "GitlabCi/CiYaml.cs", "GitlabCi/CiScalars.cs", "GitlabCi/CiTagged.cs", "GitlabCi/CiDuration.cs") with
        {
            Refuses = [ErrorCodes.GitlabCiInvalid, ErrorCodes.GitlabCiJobUnknown, ErrorCodes.GitlabCiJobAmbiguous],
            Words = [.. YamlWords, "extends: ", "parallel: ", "matrix:\n", "include: ", "inputs:\n", "$[[ inputs.a ]]", "rules:\n", "if: '$A =~ /a/'", "default:\n", "script: ", "2026-11-27", "1_000", "0o17", "1:30"],
        },
        Reader.OfText("artifact-pattern", "a project's authors", Grammar.Lines, ["a/**/b-{c,d}*.[ch]", "build/*"], ReadPattern, "GitlabCi/Artifacts/ArtifactGlob.cs") with
        {
            Words = ["**", "{", "}", ",", "[", "]", "*/", "{a,b}", "\\"],
            Longest = 1 << 16,
        },
        Reader.OfText(
            "config-toml", "the administrator of the runner", Grammar.Toml, Corpus.Seeds("toml"), ReadToml,
            "Core/Health/Runner/RunnerTomlReader.cs", "Core/Registration/TomlTree.cs", "Core/Registration/TomlProof.cs") with
        {
            Refuses = [ErrorCodes.RunnerConfigUnusable, ErrorCodes.RunnerNotChosen, ErrorCodes.RunnerHasOtherStages],
            Words = ["[[runners]]\n", "[runners.custom]\n", "a.b = 1\n", "'''", "\"\"\"", "{ a = 1 }", "[1, 2]", "1979-05-27T07:32:00Z", "inf", "nan", "\\u0000", "\\ud800", "= "],
        },
    ];

    private static SettingsDocument Parse(string text) => SettingsDocument.Parse(new ConfigurationText(new AbsolutePath("/etc/vm-executor/vm-executor.yaml"), text));

    private static ConfigurationResult BindImage(string text) => Parse("").Bind(new ImageTexts(
        DirectoryExists: true, [new ConfigurationText(new AbsolutePath("/etc/vm-executor/images/image.yaml"), text)], []));

    private static void ReadCi(string text)
    {
        var file = GitlabCiFile.Parse(new ConfigurationText(Ci, text), new CiRepository
        {
            Read = path => path == "plain.yml" ? new ConfigurationText(new AbsolutePath("/repo/plain.yml"), "other:\n  script: [a]\n") : null,
            Paths = () => ["plain.yml", "src/a.c"],
            Variables = new Dictionary<string, string> { ["CI_COMMIT_BRANCH"] = "main", ["EMPTY"] = "" },
        });
        foreach (var name in file.Jobs.Take(8))
        {
            var job = file.Job(name);
            var values = CiExpansion.Expand(job.Variables).GroupBy(variable => variable.Name).ToDictionary(group => group.Key, group => group.Last().Value);
            _ = (CiGit.Read(values).Strategy, CiExpansion.Expand(job.Image ?? "", values), CiExpansion.Cycles(job.Variables).Count);
        }

        _ = file.Job("job");
    }

    private static void ReadPattern(string text)
    {
        if (ArtifactGlob.TryParse(text, "/builds/x") is { } glob)
        {
            _ = (glob.Roots.Count(), glob.Matches("a/b/c"), glob.Covers("build/a/b/c/d/e.txt"));
        }
    }

    private static void ReadToml(string text)
    {
        _ = RunnerTomlReader.Read(text);
        _ = RunnerInstallation.Decide(text, Toml, new RunnerRequest("vm-executor", null, null), [new RunnerKey(["custom"], "run_exec", "\"/usr/lib/vm-executor/run\""), new RunnerKey([], "executor", "\"custom\"")]);
    }
}
