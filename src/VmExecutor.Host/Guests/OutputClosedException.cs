namespace VmExecutor.Host.Guests;

/// <summary>The runner is gone, and with it the reader of our output (EPIPE). Treated as a cancel.</summary>
internal sealed class OutputClosedException(Exception inner) : OperationCanceledException("the reader of the output is gone", inner);
