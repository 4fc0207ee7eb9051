using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Sources;

/// <summary>
/// The environment of a recipe: that of the user who publishes, without a job's variables, and with facts about the image
/// (config/recipes/README.md).
/// </summary>
internal sealed record RecipeEnvironment(IReadOnlyDictionary<string, string> Variables, IReadOnlyDictionary<string, string> Image)
{
    private const string JobVariable = "CUSTOM_ENV_"; // docs/runner-contract.md section 1

    public static async Task<RecipeEnvironment> ForAsync(
        ImageDefinition image, IReadOnlyDictionary<string, string> own, IToolRunner tools, CancellationToken cancellationToken)
    {
        var told = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["VMX_IMAGE"] = image.Name.Value,
            ["VMX_ARCH"] = HostArchitecture.Name,
            ["VMX_SSH_USER"] = image.Ssh.User,
        };
        if (image.Ssh is { Login: LoginMethod.Baked, Key: { } key })
        {
            told["VMX_SSH_AUTHORIZED_KEY"] = await PublicHalfAsync(key, tools, cancellationToken).ConfigureAwait(false);
        }

        var all = own.Where(variable => !variable.Key.StartsWith(JobVariable, StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
        all.Remove("VMX_SSH_AUTHORIZED_KEY"); // never one that the shell of the user who publishes happens to have
        foreach (var (name, value) in told)
        {
            all[name] = value;
        }

        return new RecipeEnvironment(all, told);
    }

    private static async Task<string> PublicHalfAsync(AbsolutePath key, IToolRunner tools, CancellationToken cancellationToken)
    {
        // -P '': a key with a passphrase is an error, not a question on the terminal.
        var result = await tools.RunAsync(new ToolCall("ssh-keygen", ["-y", "-P", "", "-f", key.Value]), cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0
            ? result.StandardOutput.Trim()
            : throw new SystemFailureException(
                ErrorCodes.ImageBuildFailed,
                $"the public half of ssh.key {key} cannot be made: {PlainText.OneLine(result.StandardError.Trim().ReplaceLineEndings(" "), 500)}",
                $"Let ssh.key name a private key without a passphrase, of the user who publishes and with mode 0600 (ssh-keygen -t ed25519 -N '' -f {key} makes one).",
                new ToolFailedException(result));
    }
}
