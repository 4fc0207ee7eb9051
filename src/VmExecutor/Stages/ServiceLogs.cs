using System.Text;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;
using VmExecutor.Host.Guests;
using VmExecutor.Observing;

namespace VmExecutor.Stages;

/// <summary>Shows what the services of a job have printed, after a script of it. A guest that does not tell fails no script.</summary>
internal sealed class ServiceLogs(IGuestShell guestShell)
{
    private const int LongestLine = 1200;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public async Task ShowAsync(ServicesRecord services, GuestAccess access, JobLog log)
    {
        using var over = new CancellationTokenSource(Limit);
        using var text = new MemoryStream(Encoding.UTF8.GetBytes(services.NewLogs()));
        try
        {
            var answer = await guestShell.RunCommandAsync(access, IdentityScript.RootShell(access.User), text, over.Token);
            foreach (var line in answer.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                log.Say(PlainText.OneLine(line, LongestLine));
            }
        }
        catch (Exception e) when (e is DriverException or OperationCanceledException)
        {
            log.Warn($"what the job's services printed is not known: {e.Message}");
        }
    }
}
