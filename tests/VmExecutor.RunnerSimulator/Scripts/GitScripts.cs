using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.RunnerSimulator.Jobs;

namespace VmExecutor.RunnerSimulator.Scripts;

/// <summary>The git part of get_sources (shells/abstract.go): fetching by refspec into a repository made from a template.</summary>
/// <param name="to">Takes it.</param>
/// <param name="project">The project's directory.</param>
internal sealed class GitScripts(ScriptWriter to, string project)
{
    /// <summary>Holds what is to be outside of the project's directory: credentials and further configuration.</summary>
    public const string ExternalConfiguration = ".gitlab-runner.ext.conf";

    private const string ExternalVariable = "GLR_EXT_GIT_CONFIG_PATH";
    private const string UserAgent = "http.userAgent=gitlab-runner 19.4.0 linux/amd64";
    private const int Depth = 20;

    private static readonly string[] Locks = ["index.lock", "shallow.lock", "HEAD.lock", "hooks/post-checkout", "config.lock"];

    private string Template => to.SideFile("git-template");

    private string External => to.SideFile(ExternalConfiguration);

    /// <summary>Removes locks that a killed git may have left, and the configuration of an earlier job.</summary>
    /// <param name="withConfiguration">False with GIT_STRATEGY none.</param>
    public void Clean(bool withConfiguration)
    {
        foreach (var file in Locks)
        {
            to.RemoveFile($"{project}/.git/{file}");
        }

        to.RemoveFilesBelow($"{project}/.git/refs", "*.lock");
        if (!withConfiguration)
        {
            return;
        }

        foreach (var directory in new[] { Template, $"{project}/.git" })
        {
            to.RemoveFile($"{directory}/config");
            to.RemoveDirectory($"{directory}/hooks");
        }
    }

    public void Fetch(GitSource source)
    {
        Clean(withConfiguration: true);
        var remote = SetUp(source);
        to.Notice(string.Create(CultureInfo.InvariantCulture, $"Fetching changes with git depth set to {Depth}..."));
        to.Command("git", "init", project, "--template", Template);
        to.ChangeDirectory(project);
        to.IfCommand(showsOutput: false, "git", "remote", "add", "origin", remote);
        to.Notice("Created fresh repository.");
        to.Else();
        to.Command("git", "remote", "set-url", "origin", remote);
        to.CommandExpanded("git", "config", "--file", ".git/config", "--replace-all", "include.path", $"${ExternalVariable}", Pattern(ExternalConfiguration));
        to.EndIf();
        to.Command(
            "git", "-c", UserAgent, "fetch", "origin", "--no-recurse-submodules", $"+refs/heads/{source.Ref}:refs/remotes/origin/{source.Ref}",
            "--depth", Depth.ToString(CultureInfo.InvariantCulture), "--prune", "--quiet");
    }

    public void CheckOut(GitSource source)
    {
        to.Notice($"Checking out {source.Sha[..8]} as detached HEAD (ref is {source.Ref})...");
        to.Command("git", "-c", "submodule.recurse=false", "checkout", "-f", "-q", source.Sha);
        to.Command("git", "clean", "-ffdx");
        to.IfCommand(showsOutput: false, "git", "lfs", "version");
        to.Command("git", "lfs", "pull");
        to.EmptyLine();
        to.EndIf();
    }

    /// <returns>The repository's address without the token in it, which git puts in by itself.</returns>
    private string SetUp(GitSource source)
    {
        to.MakeDirectory(Template);
        foreach (var (key, value) in new[] { ("init.defaultBranch", "none"), ("fetch.recurseSubmodules", "false"), ("credential.interactive", "never"), ("gc.autoDetach", "false") })
        {
            to.Command("git", "config", "-f", $"{Template}/config", key, value);
        }

        to.RemoveFile(External);
        to.CommandExpanded("git", "config", "-f", External, "transfer.bundleURI", "true");
        var plain = Credentials().Replace(source.RepositoryUrl, "$1");
        if (plain != source.RepositoryUrl)
        {
            to.CommandExpanded("git", "config", "--file", External, "--replace-all", $"url.{source.RepositoryUrl}.insteadOf", plain, $"^{Regex.Escape(plain)}$");
        }

        to.CommandExpanded("git", "config", "--file", $"{Template}/config", "--replace-all", "include.path", External, Pattern(ExternalConfiguration));
        to.ExportRaw(ExternalVariable, External);
        return plain;
    }

    private static string Pattern(string name) => $"{name.Replace(".", "\\.", StringComparison.Ordinal)}$";

    private static Regex Credentials() => new("^([a-z]+://)[^/@]*@", RegexOptions.CultureInvariant);
}
