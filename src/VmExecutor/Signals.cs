using System.Runtime.InteropServices;

namespace VmExecutor;

/// <summary>
/// SIGTERM, SIGINT, SIGHUP and, for a stage, SIGQUIT as one cancellation token. The process is not ended by them: what was half made is undone first,
/// and the exit code is the contract's, never 143. A person who presses Ctrl-C a second time wants the terminal back: then an
/// administrator's command ends at once, and what it leaves is a leftover like that of any killed process. A stage never does, since
/// signals to its process group may come more than once and the runner reads its exit code.
/// </summary>
internal sealed class Signals : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private volatile Invocation? _command;
    private int _interrupts;

    public Signals()
    {
        _registrations = [Catch(PosixSignal.SIGTERM), Catch(PosixSignal.SIGINT), Catch(PosixSignal.SIGHUP), Catch(PosixSignal.SIGQUIT)];
    }

    public CancellationToken Token => _source.Token;

    /// <summary>This process is an administrator's command and no stage.</summary>
    /// <param name="command">Takes the line about the first interrupt, and is told before the process is ended at once.</param>
    public void EndAtSecondInterrupt(Invocation command) => _command = command;

    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        _source.Dispose();
    }

    private PosixSignalRegistration Catch(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        var command = signal == PosixSignal.SIGINT ? _command : null;
        var interrupts = command is null ? 0 : Interlocked.Increment(ref _interrupts);

        // What is not cancelled here has its usual effect: SIGINT ends the process, and so does a person's Ctrl-\.
        context.Cancel = interrupts < 2 && (signal != PosixSignal.SIGQUIT || _command is null);
        if (interrupts == 1)
        {
            Tell(command?.Error, $"Stopping, and undoing what is half made. Ctrl-C again ends this at once; '{DriverVersion.Name} gc' removes what is left then.");
        }

        if (context.Cancel)
        {
            _source.Cancel();
        }
        else
        {
            _command?.EndShowing();
        }
    });

    private static void Tell(TextWriter? error, string line)
    {
        try
        {
            error?.WriteLine(line);
        }
        catch (IOException)
        {
            // The terminal is gone, or the file is full: the signal counts all the same.
        }
    }
}
