namespace VmExecutor.Core.Templates;

/// <summary>The roles of a template's files, beside overlays, whose role is their disk's target.</summary>
public static class TemplateRole
{
    /// <summary>The guest's memory.</summary>
    public const string Ram = "ram";

    /// <summary>Processors and devices.</summary>
    public const string State = "state";

    /// <summary>UEFI variables.</summary>
    public const string Nvram = "nvram";

    /// <summary>The disk that told the guest who may log in; it holds the private host key.</summary>
    public const string Seed = "seed";

    /// <summary>The private key of the template's login.</summary>
    public const string Login = "login";
}
