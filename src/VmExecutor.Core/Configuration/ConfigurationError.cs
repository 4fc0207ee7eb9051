using System.Globalization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>One thing in the configuration that must be changed before anything runs.</summary>
/// <param name="File">The file with the error.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Key">The path of the key, such as <c>ssh.user</c>; empty: the file as a whole.</param>
/// <param name="Message">What is wrong; what would be right.</param>
public sealed record ConfigurationError(AbsolutePath File, int Line, int Column, string Key, string Message)
{
    /// <summary><c>file:line:column: key: message</c>, the form that editors make clickable.</summary>
    public override string ToString() => ConfigurationLine.Format(File, Line, Column, Key, Message);
}

/// <summary>One thing in the configuration that works but deserves a look; the same shape as an error.</summary>
public sealed record ConfigurationWarning(AbsolutePath File, int Line, int Column, string Key, string Message)
{
    public override string ToString() => ConfigurationLine.Format(File, Line, Column, Key, Message);
}

internal static class ConfigurationLine
{
    public static string Format(AbsolutePath file, int line, int column, string key, string message) =>
        string.Create(CultureInfo.InvariantCulture, $"{file}:{line}:{column}: {(key.Length == 0 ? "" : key + ": ")}{message}");
}
