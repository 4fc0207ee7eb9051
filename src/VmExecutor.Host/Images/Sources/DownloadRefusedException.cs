namespace VmExecutor.Host.Images.Sources;

/// <summary>The server does not give the file, and asking again would not help. Never leaves this folder.</summary>
internal sealed class DownloadRefusedException(string what, Exception? inner = null) : Exception(what, inner);
