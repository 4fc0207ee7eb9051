namespace VmExecutor.Core.Standby;

/// <summary>The reason why a job did not get a standby clone.</summary>
/// <param name="Word">For the ledger and its counts: <c>none</c>, <c>busy</c>, <c>generation</c>, <c>size</c>, <c>too_old</c>, <c>restarted</c>, <c>stopped</c>,
/// <c>connection</c>, <c>disk</c>, <c>failed</c>, <c>identity</c>.</param>
/// <param name="Text">One line for the job log.</param>
public sealed record StandbyMiss(string Word, string Text);
