using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.GitlabCi;
using VmExecutor.Trials;

namespace VmExecutor.Benchmarks;

/// <summary>The project disk of one bench: that of a project which no GitLab has, on a server that cannot exist. It is removed in the end.</summary>
internal sealed class BenchDisk
{
    /// <summary>Copying what is in memory takes an emulated guest less than making random bytes, and less memory than a small guest has.</summary>
    private const int PartBytes = 16 << 20;

    /// <summary>A disk for each branch needs one.</summary>
    private static readonly CiCommit Commit = new(new string('0', 40), "bench", null, null, "", "", "");

    private readonly BenchRequest _request;
    private readonly long _project = Random.Shared.NextInt64(1, 1_000_000_000);

    private BenchDisk(BenchRequest request)
    {
        _request = request;
        if (ProjectDiskPlan.For(Job().ToJob(), request.Image) is { } plan)
        {
            if (request.Contents is { } contents && contents.Bytes >= plan.Size.Bytes)
            {
                throw Wrong(request, $"--contents {contents} does not fit: a project disk of image '{request.Image.Name}' has {plan.Size}");
            }

            if (request.Contents is not null && request.Image.Shell == GuestShell.Pwsh)
            {
                throw Wrong(request, "--contents needs an image with 'shell: bash' or 'shell: sh'");
            }

            Key = plan.Key;
            Remark = plan.Refusal is { } refusal ? $"no new version of the project disk is measured, since {ProjectDiskRefusals.Text(refusal)}" : null;
        }
        else
        {
            Remark = $"no project disk is measured: 'project_disk: projects' in {request.Image.File} gives none to project {TrialJob.DefaultProject}";
        }
    }

    /// <summary>Null: the jobs have none.</summary>
    public ProjectDiskKey? Key { get; }

    /// <summary>The part that is not measured, and why; null: all is.</summary>
    public string? Remark { get; }

    /// <summary>The line that tells of its making.</summary>
    public string Step => _request.Contents is { } contents ? $"making a project disk with {contents} in it" : "making a project disk";

    /// <summary>The text that puts its contents there. They are no zeros, since those would take no room.</summary>
    public string Fill => _request.Contents is { } contents
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"cd {ShellText.Quote(_request.Image.BuildsDir)} && head -c {PartBytes} /dev/urandom >bench-part && n=0 && while [ $n -lt {(contents.Bytes + PartBytes - 1) / PartBytes} ]; do cat bench-part || exit 1; n=$((n + 1)); done >bench-contents && rm bench-part")
        : "true";

    /// <summary>Null: jobs of the image have no project disk.</summary>
    /// <exception cref="SystemFailureException">The contents do not fit.</exception>
    public static BenchDisk? For(BenchRequest request) => request.Image.ProjectDisk.HasDisks() ? new BenchDisk(request)
        : request.Contents is null ? null
        : throw Wrong(request, $"--contents is for an image with 'project_disk', which '{request.Image.Name}' does not have");

    /// <summary>A job of the project, of a protected branch.</summary>
    public TrialJob Job() => TrialJob.New(_request.Image.Name.Value) with { ProjectId = _project, Protected = true, Commit = Commit };

    private static SystemFailureException Wrong(BenchRequest request, string message) => new(ErrorCodes.UsageWrong, message, $"The image's file is {request.Image.File}.");
}
