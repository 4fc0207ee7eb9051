using VmExecutor;
using VmExecutor.Commands;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

StandardStreams.FillClosed();

// Never disposed of: SIGTERM between that and the end of the process would give an exit code of its own.
var signals = new Signals();
var invocation = Invocation.FromProcess(signals);
AppDomain.CurrentDomain.UnhandledException += (_, unhandled) => ProcessEnd.Now(invocation.FailUnhandled((Exception)unhandled.ExceptionObject));

// The runner waits for our exit code and for nothing else: this is the only way out.
return ProcessEnd.WithoutLibraries(await RunAsync());

async Task<int> RunAsync()
{
    var parsed = DriverCommand.Create(invocation).Parse(args);
    if (!StageCommands.IsStage(parsed.CommandResult.Command.Name))
    {
        signals.EndAtSecondInterrupt(invocation);
    }

    return parsed.Errors.Count > 0
        ? invocation.RefuseUsage(args, parsed.Errors.Select(error => error.Message), DriverCommand.Words(parsed.CommandResult))
        : await parsed.InvokeAsync(DriverCommand.Invocation);
}
