using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images;

/// <summary>
/// Decides whether a job may use an image, by the trusted job response. A fact that an older GitLab or runner does not tell is never
/// taken for a permission.
/// </summary>
public static class ImageAccess
{
    private const int LongestShown = 200;
    private const string Update = "Ask the administrator of this runner to update GitLab and GitLab Runner, or for an image without this condition.";

    /// <summary>
    /// The reason why the job may not use it, and what to do about it; null: it may. The other projects that may use it are not named.
    /// </summary>
    public static (string Why, string Hint)? Refusal(Job job, AccessSettings allow)
    {
        if (allow.Projects.Count > 0)
        {
            if (job.ProjectPath is not { } project)
            {
                return ("it is for certain projects, and this GitLab or GitLab Runner does not tell which project the job is of", Update);
            }

            if (!allow.Projects.Any(glob => new ProjectGlob(glob).Matches(project)))
            {
                return (
                    $"project '{PlainText.OneLine(project, LongestShown)}' is not among those that may",
                    "Use another image, or ask the administrator of this runner to allow the project.");
            }
        }

        return (allow.ProtectedRefs, job.ProtectedRef) switch
        {
            (true, null) => ("it is for protected branches and tags, and this GitLab or GitLab Runner does not tell whether the job's is protected", Update),
            (true, false) => (
                "it is for protected branches and tags, and the job's is not protected",
                "Run the job for a protected branch or tag, or use another image."),
            _ => null,
        };
    }
}
