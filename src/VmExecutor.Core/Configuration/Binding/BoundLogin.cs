using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>How to get into the guest.</summary>
internal static class BoundLogin
{
    /// <summary>Null: something that it needs is missing or wrong, which has been reported.</summary>
    public static SshSettings? Of(BoundValues values)
    {
        var defaults = DefaultValues.Image.Ssh;
        var login = values.Get("ssh.login", defaults.Login);

        // A key from the defaults means the images that have one baked in.
        var key = login == LoginMethod.Baked ? values.Get<AbsolutePath?>("ssh.key", null) : null;
        return values.Find("ssh.user")?.Value is string user && (key is not null || login != LoginMethod.Baked)
            ? new SshSettings
            {
                User = user,
                Login = login,
                Key = key,
                Port = values.Get("ssh.port", defaults.Port),
                HostKeys = [.. values.Get<IReadOnlyList<object>>("ssh.host_key", []).Cast<string>().Distinct()],
            }
            : null;
    }
}
