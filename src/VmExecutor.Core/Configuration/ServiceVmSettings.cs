using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Configuration;

/// <summary>An image whose clones may be services: VMs beside the VM of a job that names the image in its <c>services:</c>.</summary>
public sealed record ServiceVmSettings
{
    /// <summary>The service is ready when all of them are open; none: it is ready at once, or when <see cref="Ready"/> says so.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];

    /// <summary>A shell text for root in the service's guest; it begins what needs the service's variables. Null: nothing.</summary>
    public string? Start { get; init; }

    /// <summary>A shell text for root in the service's guest; its exit code 0 says that the service is ready. Null: the ports say it.</summary>
    public string? Ready { get; init; }

    /// <summary>No service, as a record.</summary>
    internal static readonly ServiceVmSettings None = new();

    internal static readonly Section<ServiceVmSettings> Keys = new Section<ServiceVmSettings>(None)
        .OneOrMore("ports", Kinds.WholeNumber(1, 65535),
            "The TCP ports of the service. It is ready when all of them are open.",
            "5432", it => it.Ports, (it, value) => it with { Ports = value }, otherwise: "none is waited for")
        .Key("start", Kinds.Text("shell text"),
            "A command that root runs in the service's guest once its variables are in /run/vm-executor/service.env, and in the command's environment.",
            "systemctl restart app", it => it.Start, (it, value) => it with { Start = value }, otherwise: "no command")
        .Key("ready", Kinds.Text("shell text"),
            "A command that root runs in the service's guest again and again until its exit code is 0: then the service is ready.",
            "pg_isready -q", it => it.Ready, (it, value) => it with { Ready = value }, otherwise: "the ports alone say it");
}
