using VmExecutor.Core.Failures;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Host.Observing;

namespace VmExecutor.Observing;

/// <summary>Reads all numbers and writes them.</summary>
internal sealed class MetricsFile(Machine machine)
{
    private const UnixFileMode ForEverybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(10);

    // A cleanup has something better to do.
    private static readonly TimeSpan RefreshLimit = TimeSpan.FromSeconds(10);

    /// <summary>The numbers as text; written into a file, too, if one is given.</summary>
    /// <exception cref="SystemFailureException">The state directory cannot be read, or the file cannot be written.</exception>
    public async Task<string> ReadAsync(AbsolutePath? file, CancellationToken cancellationToken)
    {
        using var held = await machine.Locks.TakeMetricsAsync(LockLimit, cancellationToken)
            ?? throw new HostFileException("the metrics cannot be read", new IOException("another process holds their lock"));
        var facts = await new HostFactsReader(machine.Settings, machine.Survey, machine.Time).ReadAsync(DriverVersion.Text, cancellationToken);
        var text = Exposition.Write(await new LedgerTotals(machine.StateDir, machine.Locks).CatchUpAsync(cancellationToken), facts);
        if (file is not null)
        {
            Write(file, text);
        }

        return text;
    }

    /// <summary>Writes the configured file anew; what goes wrong is told and no reason for anything to fail.</summary>
    public async Task RefreshAsync(JobLog log, CancellationToken cancellationToken)
    {
        if (machine.Settings.Metrics.File is not { } file)
        {
            return;
        }

        using var over = new CancellationTokenSource(RefreshLimit, machine.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            await ReadAsync(file, stop.Token);
        }
        catch (SystemFailureException e)
        {
            log.Warn($"the metrics were not written: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            // The next one brings them up to date.
        }
    }

    private static void Write(AbsolutePath file, string text)
    {
        try
        {
            AtomicFile.Write(file, text, ForEverybody);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the metrics cannot be written to {file}", e);
        }
    }
}
