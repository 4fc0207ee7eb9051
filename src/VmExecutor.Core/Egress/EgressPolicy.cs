using System.Net;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Egress;

/// <summary>The destinations that the guest of one job may reach.</summary>
/// <param name="Name">The name for people: the image's, with the pattern of projects if the policy is theirs.</param>
/// <param name="Watches">True: nothing is refused, and what would be is noted.</param>
/// <param name="Rules">Empty: nothing may be reached.</param>
public sealed record EgressPolicy(string Name, bool Watches, IReadOnlyList<EgressRule> Rules)
{
    /// <summary>The variable by which a job narrows its policy.</summary>
    public const string Variable = "VM_EGRESS";

    /// <summary>The word by which a job asks for nothing at all.</summary>
    public const string Nothing = "none";

    private static readonly char[] Separators = [' ', ',', ';', '\t', '\n', '\r'];

    /// <summary>Decides the policy of a job: the image's, or its projects', narrowed by what the job asks for.</summary>
    /// <returns>Null: everything may be reached, but for what is closed to all guests.</returns>
    /// <exception cref="BuildFailureException">The job asks for what is no destination, or for more than its policy allows.</exception>
    public static EgressPolicy? For(Job job, ImageDefinition image)
    {
        var policy = image.Egress.PolicyFor(image.Name.Value, job.ProjectPath);
        if (job.Egress is not { } asked)
        {
            return policy;
        }

        var rules = Read(asked, job, image);

        // A policy that only watches refuses nothing, so a job may narrow itself as it likes.
        if (policy is { Watches: false } && rules.FirstOrDefault(rule => !policy.Allows(rule)) is { } more)
        {
            throw new BuildFailureException(
                ErrorCodes.EgressNotAllowed,
                $"the job asks by {Variable} for {more}, which the egress policy '{policy.Name}' does not allow: a job may only narrow its policy",
                $"Write in {Variable} only what the policy allows ({policy.Listed}), or ask the runner's administrator to allow more: egress in {image.File.Name}.");
        }

        return new EgressPolicy(policy?.Name ?? image.Name.Value, Watches: false, rules);
    }

    /// <summary>The destinations as YAML writes them, for messages.</summary>
    public string Listed => Rules.Count == 0 ? "nothing" : string.Join(", ", Rules.Take(20)) + (Rules.Count > 20 ? ", …" : "");

    public bool AllowsName(string name) => Rules.Any(rule => rule.Matches(name));

    /// <param name="name">The name.</param>
    /// <param name="port">A port of TCP.</param>
    public bool AllowsName(string name, ushort port) => Rules.Any(rule => rule.Matches(name) && rule.HasPort(port));

    /// <summary>True when a rule about a network allows it. Names that lead to it do not count.</summary>
    /// <param name="address">The address.</param>
    /// <param name="port">A port of TCP.</param>
    public bool AllowsAddress(IPAddress address, ushort port) => Rules.Any(rule => rule.Network is { } network && network.Contains(address) && rule.HasPort(port));

    private bool Allows(EgressRule other) => Rules.Any(rule => rule.Covers(other));

    private static IReadOnlyList<EgressRule> Read(string asked, Job job, ImageDefinition image) => asked.Trim() == Nothing ? [] :
    [
        .. asked.Split(Separators, StringSplitOptions.RemoveEmptyEntries).Select(text => EgressRule.TryParse(text, out var rule) ? rule : throw new BuildFailureException(
            ErrorCodes.EgressNotUnderstood,
            $"'{text}' in {Variable} of job {job.Id} is no destination for a VM of image '{image.Name}'",
            $"Write names or networks with spaces between them, or '{Nothing}': each is {EgressRule.Rule}.")).Distinct(),
    ];
}
