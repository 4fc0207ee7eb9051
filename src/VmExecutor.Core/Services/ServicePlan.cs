using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Services;

/// <summary>The services of a job with their names, decided before anything is started.</summary>
/// <param name="Services">In the order of the job.</param>
/// <param name="Logins">For the registries of their images: secrets.</param>
public sealed partial record ServicePlan(IReadOnlyList<PlannedService> Services, RegistryLogins Logins)
{
    /// <summary>A name longer than that is in no hosts file.</summary>
    private const int LongestName = 253;

    private const string DefaultRegistry = "docker.io";

    /// <param name="job">The job's services.</param>
    /// <param name="image">The image of the VM.</param>
    /// <param name="administrator">The logins of its <see cref="ServiceSettings.AuthFile"/>.</param>
    /// <param name="vmOf">The image whose clone is the service of a name; null: it is a container.</param>
    /// <exception cref="BuildFailureException"><see cref="ErrorCodes.ServiceRefused"/>: a name cannot be used, is not allowed, or is that of two.</exception>
    public static ServicePlan Of(JobServices job, ImageDefinition image, RegistryLogins administrator, Func<string, ImageDefinition?> vmOf)
    {
        var settings = image.Services;
        var globs = settings.Allow.Select(pattern => Glob.TryParse(pattern, out var glob) ? glob : throw new FormatException(pattern)).ToList();
        var given = new Dictionary<string, JobService>(StringComparer.OrdinalIgnoreCase);
        foreach (var service in job.All)
        {
            EnsureUsable(service);
            if (globs.Count > 0 && !globs.Exists(glob => glob.Matches(service.Image)))
            {
                throw Refused(
                    $"service '{service.Image}' is not allowed with image '{image.Name}'",
                    $"Use one that is: {string.Join(", ", settings.Allow)} ('services: allow' in {image.File.Name}).");
            }

            foreach (var alias in service.Aliases.Distinct(StringComparer.OrdinalIgnoreCase))
            {
                if (!given.TryAdd(alias, service))
                {
                    throw Refused($"two services have the alias '{alias}': '{given[alias].Image}' and '{service.Image}'", "Give each an alias of its own in .gitlab-ci.yml.");
                }
            }
        }

        // Names that are made of the images' stand behind those that the job gives; the first of two services of one image keeps them, as with the runner.
        var services = job.All.Select((service, number) => new PlannedService(
            number,
            service,
            Reference(service.Image),
            [.. service.Aliases.Distinct(StringComparer.OrdinalIgnoreCase), .. NamesOf(service.Image).Where(name => given.TryAdd(name, service))],
            service.PullPolicies.Count > 0 ? service.PullPolicies : settings.PullPolicies)
        {
            Vm = vmOf(service.Image),
        });
        return new ServicePlan([.. services], administrator.Under(job.Logins));
    }

    /// <summary>Those that are containers in the job's guest, numbered anew.</summary>
    public ServicePlan Containers => this with { Services = [.. Services.Where(service => service.Vm is null).Select((service, number) => service with { Number = number })] };

    /// <summary>Those that are VMs of their own, numbered anew.</summary>
    public IReadOnlyList<PlannedService> Vms => [.. Services.Where(service => service.Vm is not null).Select((service, number) => service with { Number = number })];

    /// <summary>The images that a template's guest fetches, so that jobs find them there; nothing of them is started.</summary>
    /// <param name="image">The image of the VM.</param>
    /// <param name="administrator">The logins of its <see cref="ServiceSettings.AuthFile"/>.</param>
    public static ServicePlan Preload(ImageDefinition image, RegistryLogins administrator) => new(
        [
            .. image.Services.Preload.Distinct(StringComparer.Ordinal)
                .Select((name, number) => new PlannedService(number, new JobService { Image = name }, Reference(name), [], [PullPolicy.Always]) { IsFetchedOnly = true }),
        ],
        administrator);

    /// <summary>
    /// The names that GitLab makes of an image's: without port, tag and digest, each slash two underscores, and again with hyphens (gitlab-runner,
    /// <c>helpers/container/services</c>).
    /// </summary>
    public static IReadOnlyList<string> NamesOf(string image)
    {
        var name = WithoutVersion(image);
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && name.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && colon < slash)
        {
            name = name[..colon] + name[slash..];
        }

        return [.. new[] { name.Replace("/", "__", StringComparison.Ordinal), name.Replace('/', '-') }.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The image with its registry: a name without one is docker.io's, as docker takes it, and podman without a list of registries does not.</summary>
    public static string Reference(string image)
    {
        var first = image.Split('/', 2);
        return first.Length == 2 && (first[0].AsSpan().ContainsAny('.', ':') || first[0] == "localhost") ? image
            : first.Length == 2 ? $"{DefaultRegistry}/{image}"
            : $"{DefaultRegistry}/library/{image}";
    }

    private static string WithoutVersion(string image)
    {
        var name = image.Split('@', 2)[0];
        var tag = name.LastIndexOf(':');
        return tag > name.LastIndexOf('/') ? name[..tag] : name;
    }

    private static void EnsureUsable(JobService service)
    {
        if (!ImageReference().IsMatch(service.Image))
        {
            throw Refused($"the service '{PlainText.OneLine(service.Image, 200)}' is no container image's name", "Write it as registry/name:tag in .gitlab-ci.yml; a variable in it must have a value.");
        }

        foreach (var alias in service.Aliases)
        {
            if (!HostName().IsMatch(alias) || alias.Length > LongestName || alias.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            {
                throw Refused($"the alias '{PlainText.OneLine(alias, 200)}' of service '{service.Image}' cannot be the name of a host", "Use letters, digits, '-', '.' and '_' in .gitlab-ci.yml.");
            }
        }
    }

    private static BuildFailureException Refused(string message, string hint) => new(ErrorCodes.ServiceRefused, message, hint);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]*(:[0-9]+)?(/[A-Za-z0-9][A-Za-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@[A-Za-z0-9]+:[A-Fa-f0-9]+)?\z")]
    internal static partial Regex ImageReference();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9._-]*\z")]
    private static partial Regex HostName();
}

/// <summary>A service that is to be started.</summary>
/// <param name="Number">From 0 on, in the order of the job.</param>
/// <param name="Wanted">What the job says of it.</param>
/// <param name="Reference">Its image with the registry.</param>
/// <param name="Names">The names by which the job's script reaches it.</param>
/// <param name="PullPolicies">At least one.</param>
public sealed record PlannedService(int Number, JobService Wanted, string Reference, IReadOnlyList<string> Names, IReadOnlyList<PullPolicy> PullPolicies)
{
    /// <summary>The image whose clone it is; null: it is a container.</summary>
    public ImageDefinition? Vm { get; init; }

    /// <summary>True: its image is fetched, and nothing is started.</summary>
    public bool IsFetchedOnly { get; init; }

    /// <summary>For messages: <c>postgres:16 (db, postgres)</c>.</summary>
    public override string ToString() => Names.Count == 0 ? Wanted.Image : $"{Wanted.Image} ({string.Join(", ", Names)})";
}
