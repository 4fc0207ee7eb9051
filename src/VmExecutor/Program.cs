using VmExecutor;
using VmExecutor.Commands;

// The runner waits for our exit code and for nothing else: this is the only way out.
using var signals = new Signals();
var invocation = Invocation.FromProcess(signals);
var parsed = DriverCommand.Create(invocation).Parse(args);
if (!StageCommands.IsStage(parsed.CommandResult.Command.Name))
{
    signals.EndAtSecondInterrupt(invocation);
}

return parsed.Errors.Count > 0
    ? invocation.RefuseUsage(args, parsed.Errors.Select(error => error.Message), DriverCommand.Words(parsed.CommandResult))
    : await parsed.InvokeAsync(DriverCommand.Invocation);
