using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.GitlabCi.Tests;

/// <summary>Texts of <c>.gitlab-ci.yml</c> and what is read of them.</summary>
internal static class Ci
{
    private static readonly AbsolutePath File = new("/repo/.gitlab-ci.yml");

    public static CiJob Job(string yaml, string name = "job", params (string Path, string Text)[] files) => Parse(yaml, files).Job(name);

    public static GitlabCiFile Parse(string yaml, params (string Path, string Text)[] files) => Parse(yaml, new Dictionary<string, string>(), [], files);

    public static GitlabCiFile Parse(
        string yaml, IReadOnlyDictionary<string, string> inputs, IReadOnlyList<string> others, params (string Path, string Text)[] files) => GitlabCiFile.Parse(
        new ConfigurationText(File, yaml),
        new CiRepository
        {
            Read = path => files.Where(file => file.Path == path).Select(file => new ConfigurationText(new AbsolutePath($"/repo/{path}"), file.Text)).FirstOrDefault(),
            Paths = () => [.. files.Select(file => file.Path), .. others],
            Variables = new Dictionary<string, string> { ["CI_COMMIT_BRANCH"] = "main", ["EMPTY"] = "" },
            Inputs = inputs,
        });

    /// <summary>The job's variables as a line, expanded.</summary>
    public static string Variables(CiJob job) => string.Join(' ', CiExpansion.Expand(job.Variables).Select(variable => $"{variable.Name}={variable.Value}"));

    /// <summary>All that is wrong, one error a line.</summary>
    public static string Errors(string yaml, string name = "job", params (string Path, string Text)[] files)
    {
        try
        {
            Job(yaml, name, files);
            return "";
        }
        catch (GitlabCiException e)
        {
            return e.Message;
        }
    }
}
