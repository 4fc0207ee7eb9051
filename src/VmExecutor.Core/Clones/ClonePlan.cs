using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Login;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>
/// Names, paths, sizes, network and limits of one clone, all decided from the job and the configuration before anything is made.
/// </summary>
public sealed record ClonePlan
{
    private static readonly TimeSpan ExpiryMargin = TimeSpan.FromMinutes(30);

    public required Job Job { get; init; }

    public required ImageDefinition Image { get; init; }

    public required JobPaths Paths { get; init; }

    /// <summary>
    /// The addresses of the clone's network cards are made of this text, random for each clone. At the first contact a guest is known by
    /// its card, so another guest of its network must not know the address in advance.
    /// </summary>
    public required string CardSeed { get; init; }

    /// <summary>The image's frozen version that the clone stands on; null: the image was never published, and the clone stands on its source.</summary>
    public Generation? Generation { get; init; }

    /// <summary>The kinds of start that it may have.</summary>
    public StartChoice Start { get; init; }

    /// <summary>True: it is made before there is a job for it, or is a job's service: nothing of a job is done in it.</summary>
    public bool IsAhead { get; init; }

    /// <summary>True: its machine has a free place for the card of <see cref="ServiceNetwork"/>.</summary>
    public bool HasSparePort { get; init; }

    /// <summary>The services of its job that are VMs of their own.</summary>
    public IReadOnlyList<PlannedService> ServiceVms { get; init; } = [];

    /// <summary>As the job and the image want it.</summary>
    public CloneSizes Sizes { get; init; } = new();

    /// <summary>The destinations that its guest may reach once it is the job's; null: everything that is not closed to all guests.</summary>
    public EgressPolicy? Egress { get; init; }

    /// <summary>True: no rule can tell its guest from the user's other programs, so a policy is kept by a proxy (<see cref="EgressNeeds.IsByProxy"/>).</summary>
    public bool HasProxyAlone { get; init; }

    /// <summary>True: its QEMU passes nothing on (<see cref="RestrictedCard"/>).</summary>
    public bool IsRestricted => HasProxyAlone && Egress is not null;

    /// <summary>The user that its QEMU runs as, once the clone has one; null: libvirt's one QEMU user.</summary>
    public VmUser? User { get; init; }

    /// <summary>Set: the clone is to become a template, and its memory is this file.</summary>
    public MemoryFile? Memory { get; init; }

    /// <summary>Set: the template that the clone must wake up from; null: a template is looked for.</summary>
    public Template? Template { get; init; }

    /// <summary>The private key that lets the driver in: the image's, or the job's own.</summary>
    public AbsolutePath LoginKey => Image.Ssh.Key ?? Paths.LoginKey;

    /// <summary>The login material that the clone is given so that <see cref="LoginKey"/> lets the driver in.</summary>
    public LoginMaterial Login { get; init; } = LoginMaterial.None;

    /// <summary>
    /// The keys by which the guest is known: the one it is given, else what the image's YAML names, else what the probe of its
    /// generation has met. Empty: the key of the first contact is pinned.
    /// </summary>
    public IReadOnlyList<HostKey> HostKeys
    {
        get
        {
            if (Login.HostKey is { } own)
            {
                return [own];
            }

            var known = Image.Ssh switch
            {
                { Pin: HostKeyPin.Job } => [],
                { HostKeys: { Count: > 0 } named } => named,
                _ => Generation?.Record.Probe?.HostKeys ?? [],
            };
            return [.. known.Select(HostKey.Parse)];
        }
    }

    public DomainName Domain => Job.Key.Domain;

    public Guid Uuid => Job.Key.Uuid;

    /// <summary>A network card's address; each card of a clone has its own index.</summary>
    public MacAddress Mac(int index) => MacAddress.Of(string.Create(CultureInfo.InvariantCulture, $"{Job.Key}/{CardSeed}/{index}"));

    /// <param name="job">The job.</param>
    /// <param name="settings">The administrator's.</param>
    /// <param name="cardSeed">Random; see <see cref="CardSeed"/>.</param>
    /// <exception cref="Failures.BuildFailureException">The job asks for what the configuration does not offer.</exception>
    public static ClonePlan For(Job job, Settings settings, string cardSeed)
    {
        var image = ImageChoice.For(job, settings);
        return new()
        {
            Job = job,
            Image = image,
            Paths = JobPaths.For(settings.StateDir, job.Key),
            Egress = EgressPolicy.For(job, image),
            CardSeed = cardSeed,
            HasSparePort = settings.HasServiceImages(),
        };
    }

    /// <summary>The plan of the VM that is one of this job's services. It is the image's own in size, whatever the job wants for its own VM, and in what it may reach; without a policy of its own that refuses it has the job's.</summary>
    /// <param name="service">The service, whose <see cref="PlannedService.Vm"/> is set.</param>
    /// <param name="cardSeed">Random; see <see cref="CardSeed"/>.</param>
    public ClonePlan ForService(PlannedService service, string cardSeed)
    {
        var image = service.Vm ?? throw new ArgumentException("the service is a container", nameof(service));
        var job = Job with
        {
            Key = Job.Key.OfService(service.Number),
            Image = image.Name.Value,
            Services = [],
            Files = new JobTransfers(false, false, false),
            HasSteps = false,
            Sizes = new(),
            Egress = null,
        };
        var own = EgressPolicy.For(job, image);
        return new()
        {
            Job = job,
            Image = image,
            Paths = JobPaths.For(Paths.StateDir, job.Key),
            // Else a job with a policy could get out through a service without one.
            Egress = own is { Watches: false } ? own : Egress ?? own,
            CardSeed = cardSeed,
            Start = Start == StartChoice.Standby ? StartChoice.Ladder : Start,
            HasProxyAlone = HasProxyAlone,
            HasSparePort = true,
            IsAhead = true,
        };
    }

    /// <param name="runner">The process that started the stage.</param>
    /// <param name="temporaryDirectory">The runner's directory of this attempt.</param>
    /// <param name="made">Where and when the clone is made, by the kernel.</param>
    /// <param name="now">The same by the wall clock.</param>
    public OwnershipStamp Stamp(RunnerProcess runner, AbsolutePath? temporaryDirectory, HostMoment made, DateTimeOffset now) => new()
    {
        Key = Job.Key.Value,
        Project = Job.ProjectPath,
        Image = Image.Name.Value,
        Generation = Generation?.Number,
        Runner = runner,
        TemporaryDirectory = temporaryDirectory?.Value,
        StateDir = Paths.StateDir.Value,
        Made = made,
        Created = now,
        Expires = now + Job.Timeout + ExpiryMargin,
    };
}
