using System.Diagnostics;

namespace VmExecutor.RunnerSimulator.Drivers;

/// <summary>The PowerShell that <c>executor/setup --test-tools</c> has put into the cache.</summary>
public static class BuiltPowerShell
{
    /// <summary>The reason of a test that is skipped without it.</summary>
    public const string Missing = "PowerShell is missing: executor/setup --test-tools";

    /// <summary>Its program; null: it is not there.</summary>
    public static async Task<string?> FindAsync()
    {
        var script = Path.Combine(BuiltDriver.Checkout(), "tests/guests/powershell");
        using var process = Process.Start(new ProcessStartInfo(script, ["--key"]) { RedirectStandardOutput = true })!;
        var key = (await process.StandardOutput.ReadToEndAsync().ConfigureAwait(false)).Trim();
        await process.WaitForExitAsync().ConfigureAwait(false);
        var program = Path.Combine(Cache, $"guests/powershell-{key}/pwsh");
        return File.Exists(program) ? program : null;
    }

    private static string Cache => Given("VM_EXECUTOR_CACHE")
        ?? (Environment.IsPrivilegedProcess ? "/var/cache/vm-executor" : Path.Combine(Given("XDG_CACHE_HOME") ?? $"{Given("HOME")}/.cache", "vm-executor"));

    private static string? Given(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
