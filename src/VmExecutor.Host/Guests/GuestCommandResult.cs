namespace VmExecutor.Host.Guests;

/// <summary>What a command in the guest left: exit code and output as UTF-8, cut at 1 MiB each.</summary>
public sealed record GuestCommandResult(int ExitCode, string StandardOutput, string StandardError);
