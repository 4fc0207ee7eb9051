namespace VmExecutor.Host.Guests;

/// <summary>The runner is gone: nobody reads our output (EPIPE). Treated as a cancel.</summary>
internal sealed class OutputClosedException(Exception inner) : OperationCanceledException("the reader of the output is gone", inner);
