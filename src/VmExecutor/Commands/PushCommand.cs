using System.CommandLine;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images;
using VmExecutor.Host.Images.Registries;
using VmExecutor.Observing;

namespace VmExecutor.Commands;

/// <summary><c>vm-executor image push</c>.</summary>
internal static class PushCommand
{
    public static Command Create(Invocation invocation, Option<string?> config)
    {
        var image = new Argument<string>("image") { Description = "The image's name." };
        var reference = new Argument<string>("reference") { Description = "The place in a registry: HOST/REPOSITORY:TAG." };
        var generation = new Option<int?>("--generation") { Description = "Which generation; else the current one.", HelpName = "GENERATION" };
        var authFile = new Option<string?>("--auth-file") { Description = "The file with the logins of registries, as 'skopeo login --authfile' writes it; else where skopeo looks for it.", HelpName = "FILE" };
        var whole = new Option<bool>("--whole") { Description = "Pack all of it, and name nothing again that an earlier push has put into the registry: after a secret was taken off the disk." };
        var command = new Command(
            "push",
            "Put a generation into a container registry, for other hosts with 'source: oci'. Example: vm-executor image push debian-12 registry.example.com/ci/debian-12:2026-11")
        {
            image, reference, generation, authFile, whole,
        };
        command.SetAction((parsed, _) => invocation.GuardAdminAsync(async token =>
        {
            var name = ImageCommand.Name(parsed.GetRequiredValue(image));
            var target = Reference(parsed.GetRequiredValue(reference));
            var login = parsed.GetValue(authFile) is { } file
                ? AbsolutePath.TryParse(Path.GetFullPath(file), out var path) ? path : throw new SystemFailureException(ErrorCodes.UsageWrong, $"'{PlainText.OneLine(file, 100)}' is no path of a file", "Give the file that 'skopeo login --authfile FILE' has written.")
                : null;
            return await invocation.ShowAsync("pushing", () => PushAsync(invocation, parsed.GetValue(config), new Wish(name, parsed.GetValue(generation), target, login, parsed.GetValue(whole)), token));
        }));
        return command;
    }

    private static async Task<int> PushAsync(Invocation invocation, string? config, Wish wish, CancellationToken cancellationToken)
    {
        using var machine = invocation.MachineWithoutImages(config);
        var (log, image) = (new JobLog(invocation.Output, invocation.Said), wish.Image);
        using var held = ImageLock.Take(machine.Locks, image);
        var chosen = machine.ImageKeeper.Find(image, wish.Generation);
        log.Say($"image '{image}': packing generation {chosen.Number}");
        var push = new GenerationPush(machine.Variables, ImagePaths.For(machine.StateDir, image).Push, machine.Time, log.Say) { Show = invocation.Show, KeepFree = machine.Settings.Limits.DiskWatermark };
        var digest = await push.RunAsync(chosen, wish.Whole ? [] : machine.Catalogue.Of(image), wish.Target, wish.Login, cancellationToken);
        log.Say($"image '{image}': generation {chosen.Number} is {wish.Target} now ({digest})");
        return ExitCodes.Success;
    }

    private static OciReference Reference(string text)
    {
        var trouble = OciReference.TryParse(text, out var reference) && reference.Digest is null ? null : OciReference.WhyNot(text) ?? "a digest names what is there already";
        return trouble is null
            ? reference!
            : throw new SystemFailureException(
                ErrorCodes.UsageWrong,
                $"'{PlainText.OneLine(text, 200)}' is no place in a registry that can be pushed to: {trouble}",
                "Give host, repository and tag, for example registry.example.com/ci/debian-12:2026-11.");
    }

    private sealed record Wish(ImageName Image, int? Generation, OciReference Target, AbsolutePath? Login, bool Whole);
}
