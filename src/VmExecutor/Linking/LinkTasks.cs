using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Libvirt;
using VmExecutor.Observing;

namespace VmExecutor.Linking;

/// <summary>Puts together what <c>clone</c> needs; it works without any configuration file.</summary>
internal static class LinkTasks
{
    /// <param name="invocation">The program's parts.</param>
    /// <param name="configOption">The <c>--config</c> option.</param>
    /// <param name="connect">The <c>--connect</c> option.</param>
    /// <param name="work">The work.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.LinkNotLocal"/>, or what the work throws.</exception>
    public static async Task RunAsync(Invocation invocation, string? configOption, string? connect, Func<Linker, Task> work)
    {
        var uri = Uri(invocation, configOption, connect);
        if (LibvirtUri.IsRemote(uri))
        {
            throw new SystemFailureException(
                ErrorCodes.LinkNotLocal,
                $"{uri} is another machine's libvirt, and a clone's files are made on this one",
                "Run it on that machine.");
        }

        using var hypervisor = new LibvirtHypervisor(uri, new LibvirtSettings().CallTimeout, invocation.Time);
        await work(new Linker(hypervisor, invocation.Tools(), invocation.Time, invocation.Output, new JobLog(invocation.Error)));
    }

    /// <summary>The option, then virsh's variables, then <c>libvirt.uri</c> where there is a configuration, then virsh's own default.</summary>
    public static string Uri(Invocation invocation, string? configOption, string? connect) => LibvirtUri.Resolve(
        connect ?? (LibvirtUri.IsInEnvironment(invocation.Variables) ? null : Configured(invocation, configOption)),
        invocation.Variables,
        Environment.IsPrivilegedProcess);

    private static string? Configured(Invocation invocation, string? configOption)
    {
        try
        {
            return invocation.LoadWithoutImages(configOption).Libvirt.Uri;
        }
        catch (SystemFailureException e) when (e.Code == ErrorCodes.ConfigurationMissing && configOption is null)
        {
            return null;
        }
    }
}
