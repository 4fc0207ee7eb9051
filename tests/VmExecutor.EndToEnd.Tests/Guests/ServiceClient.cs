namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>Lines of a job's script that use the services of tests/services.</summary>
internal static class ServiceClient
{
    public static string Fetch(string host, string path = "hello", int port = 8080) => $"busybox wget -q -O - http://{host}:{port}/{path}";

    /// <summary>It fails where no redis answers.</summary>
    public static string Ping(string host) => $"test \"$(printf 'PING\\r\\n' | timeout 20 busybox nc {host} 6379 | head -n 1 | tr -d '\\r')\" = +PONG";
}
