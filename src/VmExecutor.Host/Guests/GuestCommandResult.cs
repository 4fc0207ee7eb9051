namespace VmExecutor.Host.Guests;

/// <summary>
/// What a command in the guest left: exit code and output as UTF-8, without what the login shell's start-up files printed before. Stderr is cut
/// at 1 MiB.
/// </summary>
public sealed record GuestCommandResult(int ExitCode, string StandardOutput, string StandardError);
