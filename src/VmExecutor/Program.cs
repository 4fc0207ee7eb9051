using VmExecutor;
using VmExecutor.Commands;

// The runner waits for our exit code and for nothing else: this is the only way out.
using var signals = new Signals();
return await DriverCommand.Create(Composition.FromProcess(signals)).Parse(args).InvokeAsync(DriverCommand.Invocation);
