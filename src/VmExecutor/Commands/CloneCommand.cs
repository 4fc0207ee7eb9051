using System.CommandLine;
using VmExecutor.Completions;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Linking;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor clone</c>: a linked clone of any domain, for people.</summary>
internal static class CloneCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var source = new Argument<string>("source") { Description = "The domain to clone.", HelpName = "source" };
        var target = new Argument<string?>("target")
        {
            Description = "The clone's name; else SOURCE-clone, or SOURCE-clone-2 and so on where that is taken.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var connect = new Option<string?>("--connect", "-c", "--connection")
        {
            Description = "The libvirt meant; else VIRSH_DEFAULT_CONNECT_URI, LIBVIRT_DEFAULT_URI, libvirt.uri of the configuration, or virsh's default.",
            HelpName = "URI",
        };
        var directory = new Option<string?>("--dir")
        {
            Description = "Where the clone's overlays and UEFI variables come; else beside the source's own. QEMU's user must be able to pass through.",
            HelpName = "DIR",
        };
        var shutDown = new Option<bool>("--shutdown") { Description = "Ask a running source to shut down and wait three minutes; it is never destroyed and not started again." };
        var start = new Option<bool>("--start") { Description = "Start the clone; if it does not start, it is removed again." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Change nothing: print the clone's XML on stdout and the commands on stderr." };
        var noProtect = new Option<bool>("--no-protect") { Description = "Leave the source's disks writable; by default they are made read-only, since a source that is started spoils its clones." };
        var noBackingStore = new Option<bool>("--no-backing-store") { Description = "Do not write into the definition what the overlays stand on: for disks that will be rebased or flattened while the clone is off. libvirt then looks at each start." };
        var allowPart = new Option<string[]>("--allow-part")
        {
            Description = "Keep a part of the source's definition that is refused, by the name that the refusal says. Give it once for each part.",
            HelpName = "PART",
        };
        allowPart.Validators.Add(result =>
        {
            foreach (var part in result.Tokens.Select(token => token.Value))
            {
                if (DomainParts.WhyNotAllowed(part) is { } why)
                {
                    result.AddError($"--allow-part '{part}' cannot be allowed, since {why}.");
                }
            }
        });
        var release = new Option<bool>("--release") { Description = "No clone: let SOURCE be started again, once no clone stands on its disks." };
        var command = new Command(
            "clone",
            "Make a linked clone of a libvirt domain: a new domain with the same hardware, whose disks hold only what differs. Prints its name. Example: vm-executor clone debian-12 web-test --start")
        {
            source, target, connect, directory, shutDown, start, dryRun, noProtect, noBackingStore, allowPart, release,
        };
        source.CompletionSources.Add(context => DomainNames.Of(invocation, context, config, connect));
        command.Validators.Add(result =>
        {
            var others = result.GetValue(target) is not null || result.Has(directory) || result.Has(allowPart)
                || new[] { shutDown, start, dryRun, noProtect, noBackingStore }.Any(result.GetValue);
            if (result.GetValue(release) && others)
            {
                result.AddError("--release takes the source alone.");
            }
        });
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            await invocation.ShowAsync("making a linked clone", () => LinkTasks.RunAsync(invocation, parsed.GetValue(config), parsed.GetValue(connect), linker => parsed.GetValue(release)
                ? linker.ReleaseAsync(parsed.GetRequiredValue(source), token)
                : linker.RunAsync(
                    new LinkRequest
                    {
                        Source = parsed.GetRequiredValue(source),
                        Target = parsed.GetValue(target),
                        Directory = parsed.GetValue(directory) is { } path ? DriverCommand.Resolve(path) : null,
                        ShutDown = parsed.GetValue(shutDown),
                        Start = parsed.GetValue(start),
                        DryRun = parsed.GetValue(dryRun),
                        StatesChains = !parsed.GetValue(noBackingStore),
                        AllowParts = (parsed.GetValue(allowPart) ?? []).ToHashSet(StringComparer.Ordinal),
                        Protect = !parsed.GetValue(noProtect),
                    },
                    token)));
            return ExitCodes.Success;
        }));
        return command;
    }
}
