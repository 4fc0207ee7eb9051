using VmExecutor.Host.Guests;

namespace VmExecutor.Starting;

/// <summary>Waits that end with the guest.</summary>
internal static class GuestLife
{
    /// <param name="asking">The answer of the guest.</param>
    /// <param name="watching">Fails when its domain dies.</param>
    public static async Task<GuestCommandResult> OrDeathAsync(Task<GuestCommandResult> asking, Task watching)
    {
        await Task.WhenAny(asking, watching);
        if (watching.IsFaulted)
        {
            await watching;
        }

        return await asking;
    }
}
