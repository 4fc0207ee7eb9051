using VmExecutor.Core.Clones;
using VmExecutor.Core.Linking;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Processes;

namespace VmExecutor.Linking;

/// <summary>The messages of <c>clone</c> for people.</summary>
internal static class LinkText
{
    /// <summary>The commands that come to the same as what would be done; the definition is what stdout has.</summary>
    public static IEnumerable<string> Commands(LinkPlan plan, LinkRequest request, string uri, bool isOff, (bool Password, bool Others) secrets)
    {
        yield return $"# nothing was done; without --dry-run these commands would run, with the XML on stdout as {plan.Name}.xml:";
        if (secrets.Password)
        {
            yield return $"# the display's password is taken over but not printed; in {plan.Name}.xml it is empty, which locks the display: {Virsh(uri, "dumpxml", "--security-info", plan.Source)}";
        }

        if (secrets.Others)
        {
            yield return $"# other secrets of the source are taken over but not printed; in {plan.Name}.xml they are '{PrintedDefinition.Hidden}': {Virsh(uri, "dumpxml", "--security-info", plan.Source)}";
        }

        if (!isOff)
        {
            yield return Virsh(uri, "shutdown", plan.Source);
        }

        foreach (var file in request.Protect ? plan.WrittenBySource.Where(file => !file.IsBlockDevice) : [])
        {
            yield return new ToolCall("chmod", ["a-w", file.Path.Value]).ToString();
        }

        foreach (var disk in plan.Disks)
        {
            yield return QemuImg.OverlayCall(disk.Overlay, disk.Base, size: null).ToString();
        }

        if (plan.Nvram is { } nvram)
        {
            yield return new ToolCall("cp", [nvram.From.Value, nvram.To.Value]).ToString();
        }

        yield return Virsh(uri, "define", $"{plan.Name}.xml");
        if (request.Start)
        {
            yield return Virsh(uri, "start", plan.Name.Value);
        }
    }

    /// <summary>The clone that was made, and the commands for it.</summary>
    public static IEnumerable<string> Made(LinkPlan plan, LinkRequest request, string uri)
    {
        yield return $"'{plan.Name}' is a linked clone of '{plan.Source}' on {uri}{(request.Start ? ", and runs" : "")}";
        foreach (var disk in plan.Disks)
        {
            yield return $"  {disk.Target}: {disk.Overlay} on {disk.Base.Top.Path} ({disk.Base.Top.Format})";
        }

        if (plan.Nvram is { } nvram)
        {
            yield return $"  UEFI variables: {nvram.To}";
        }

        if (plan.Disks.Count > 0)
        {
            yield return $"'{plan.Source}' must not be started any more while it has clones: what it writes spoils them."
                + (request.Protect ? " Its disks were made read-only, so that its start fails ('Permission denied')." : " Nothing keeps it from being started (--no-protect).");
            yield return $"To go on updating: update a clone, and clone that one from now on. Or remove all clones, then: vm-executor clone --release {Word(plan.Source)}";
        }

        if (!request.Start)
        {
            yield return $"Start it: {Virsh(uri, "start", plan.Name.Value)}";
        }

        yield return $"Remove it: {Virsh(uri, "undefine", plan.Name.Value, "--nvram")}{(plan.Disks.Count == 0 ? "" : $" && {new ToolCall("rm", [.. plan.Disks.Select(disk => disk.Overlay.Value)])}")}";
    }

    private static string Virsh(string uri, params string[] arguments) => new ToolCall("virsh", ["-c", uri, .. arguments]).ToString();

    private static string Word(string text) => new ToolCall(text, []).ToString() is var plain && plain.Any(char.IsWhiteSpace) ? Core.Guests.ShellText.Quote(text) : text;
}
