namespace VmExecutor.Host.Guests;

/// <summary>
/// The result of a command in the guest: exit code and output as UTF-8, without the text that the login shell's start-up files printed
/// before. Stderr is cut at 1 MiB.
/// </summary>
public sealed record GuestCommandResult(int ExitCode, string StandardOutput, string StandardError);
