using System.Diagnostics;
using System.Text;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>A job with an open connection for each test; afterwards no ssh of it may be left.</summary>
public abstract class GuestTest(SshdFixture sshd) : IClassFixture<SshdFixture>, IAsyncLifetime
{
    private readonly DirectoryInfo scratch = Directory.CreateTempSubdirectory("vmx-guest-");

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected SshdFixture Sshd { get; } = sshd;

    protected SshGuestShell Guest { get; } = sshd.Guest;

    protected GuestAccess Job { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Job = Sshd.NewJob();
        var opened = await Guest.OpenAsync(Job, TimeSpan.FromSeconds(20), Alive, Cancellation);
        Job = Job with { BootId = opened.BootId };
    }

    public async ValueTask DisposeAsync()
    {
        if (Job is not null)
        {
            await SshdFixture.CloseAsync(Job);
            SshdFixture.Connections(Job).Should().BeEmpty();
        }

        scratch.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The login shell that the tests assume for the account; bash can do what every other can.</summary>
    protected virtual LoginShell LoginShell => LoginShell.Other;

    protected static Task Alive(CancellationToken cancellationToken) => Task.CompletedTask;

    protected static Task NeverDies(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>A fifo that both sides see: opening it for reading waits for a writer and the other way round.</summary>
    protected string Fifo(string name)
    {
        var path = File(name);
        Process.Start("mkfifo", [path]).WaitForExit();
        return path;
    }

    protected string File(string name) => Path.Combine(scratch.FullName, name);

    protected static Task<string> ReadFifoAsync(string fifo) => Task.Run(() => System.IO.File.ReadAllText(fifo).Trim());

    protected async Task<(int ExitCode, string Output, string Error)> RunAsync(string script, GuestShell shell = GuestShell.Bash, CancellationToken? cancellation = null)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var run = await RunAsync(script, output, error, shell, cancellation);
        return (run.Exit.ExitCode, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }

    protected Task<ScriptRun> RunAsync(string script, Stream output, Stream error, GuestShell shell = GuestShell.Bash, CancellationToken? cancellation = null) =>
        Guest.RunScriptAsync(Job with { Shell = shell, LoginShell = LoginShell }, StepScript(script), output, error, NeverDies, cancellation ?? Cancellation);

    protected static GuestScript StepScript(string text) => new("step_script", Encoding.UTF8.GetBytes(text));

    protected static bool IsRunning(string processId) => Directory.Exists($"/proc/{processId}")
        && !System.IO.File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);
}
