namespace VmExecutor.Host.Guests;

/// <summary>The runner is gone: nobody reads our output (EPIPE). Treated as a cancel.</summary>
internal sealed class OutputClosedException(Exception inner) : OperationCanceledException("nobody reads the output any more", inner);
