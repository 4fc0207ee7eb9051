using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The path of <c>vm-executor.yaml</c>, and the origin of that path.</summary>
public sealed record SettingsPath(AbsolutePath File, SettingsPathOrigin Origin)
{
    public const string Option = "--config";

    public const string Variable = "VM_EXECUTOR_CONFIG";

    public const string Default = "/etc/vm-executor/vm-executor.yaml";

    /// <summary>The option, else the variable (empty counts as unset), else the default.</summary>
    /// <param name="option">The value of <c>--config</c>; null: not given.</param>
    /// <param name="environment">The process's environment; nothing else is asked.</param>
    /// <param name="workingDirectory">What a relative path is seen from.</param>
    /// <exception cref="SystemFailureException">The option or the variable is not a usable path.</exception>
    public static SettingsPath Decide(
        string? option, IReadOnlyDictionary<string, string> environment, AbsolutePath workingDirectory)
    {
        if (option is not null)
        {
            return new SettingsPath(Resolve(option, Option, workingDirectory), SettingsPathOrigin.Option);
        }

        return environment.GetValueOrDefault(Variable) is { Length: > 0 } named
            ? new SettingsPath(Resolve(named, Variable, workingDirectory), SettingsPathOrigin.Variable)
            : new SettingsPath(new AbsolutePath(Default), SettingsPathOrigin.Default);
    }

    /// <summary>The origin of the path, for messages: "as --config says".</summary>
    public string Because() => Origin switch
    {
        SettingsPathOrigin.Option => $"named by {Option}",
        SettingsPathOrigin.Variable => $"named by {Variable}",
        _ => $"the default, since neither {Option} nor {Variable} names a file",
    };

    private static AbsolutePath Resolve(string text, string source, AbsolutePath workingDirectory) =>
        text.Length > 0 && workingDirectory.TryResolve(text, out var path)
            ? path
            : throw new SystemFailureException(
                ErrorCodes.ConfigurationMissing,
                $"{source} does not name a file: it is empty or has a line break in it",
                $"Give {source} the path of vm-executor.yaml, for example {Default}.");
}

public enum SettingsPathOrigin
{
    Option,
    Variable,
    Default,
}
