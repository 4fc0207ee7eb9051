using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;

namespace VmExecutor.Core.Services;

/// <summary>The services of a job as its record keeps them for later stages and for people; no secret is in it.</summary>
/// <param name="Engine">The program that runs them in the guest: podman or docker.</param>
/// <param name="Names">The names of each, by its number.</param>
/// <param name="ShowLogs">True: the job log gets what they print.</param>
public sealed record ServicesRecord(string Engine, IReadOnlyList<IReadOnlyList<string>> Names, bool ShowLogs)
{
    private const int MostLines = 500;
    private const int LongestLine = 1000;

    /// <summary>A record that was changed may lack some.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Names { get; init; } = [.. Names.Select(names => (IReadOnlyList<string>)[.. (names ?? []).OfType<string>()])];

    /// <summary>The variable by which a job asks for its services' logs (GitLab's documentation of services, "Capturing service container logs").</summary>
    public const string LogsVariable = "CI_DEBUG_SERVICES";

    /// <param name="plan">The services that were started.</param>
    /// <param name="engine">The guest's engine.</param>
    /// <param name="showLogs">Whether the job wants their logs.</param>
    public static ServicesRecord Of(ServicePlan plan, string engine, bool showLogs) =>
        new(engine, [.. plan.Services.Select(service => service.Names.Count > 0 ? service.Names : (IReadOnlyList<string>)[service.Wanted.Image])], showLogs);

    /// <summary>The program; a record that was changed names none of its own.</summary>
    private string Program => Engine == "docker" ? "docker" : "podman";

    /// <summary>The command line that runs a command in a service's container, for a guest's account that is root or may become it.</summary>
    /// <param name="user">The account.</param>
    /// <param name="name">One of its names, or its number.</param>
    /// <param name="command">Empty: a shell.</param>
    /// <param name="terminal">Whether a person has a terminal.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.ServiceUnknown"/>.</exception>
    public IReadOnlyList<string> Enter(GuestUser user, string name, IReadOnlyList<string> command, bool terminal) =>
        [.. AsRoot(user), Program, "exec", terminal ? "-it" : "-i", Container(Find(name)), .. command.Count > 0 ? command : ["sh"]];

    /// <summary>The shell text that prints the last lines of a service, for a guest's account that is root or may become it.</summary>
    /// <param name="user">The account.</param>
    /// <param name="name">One of its names, or its number.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.ServiceUnknown"/>.</exception>
    public string LastLines(GuestUser user, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{ShellText.Line([.. AsRoot(user), Program, "logs", "--tail", MostLines.ToString(CultureInfo.InvariantCulture), Container(Find(name))])} 2>&1 | cut -c 1-{LongestLine}");

    /// <summary>
    /// The text for a root shell that prints the lines of all services since it ran last, each with GitLab's mark in front: <c>[service:db-postgres]</c>. How
    /// many were shown is kept in the guest.
    /// </summary>
    public string NewLogs() => $"exec </dev/null\n{string.Concat(Enumerable.Range(0, Names.Count).Select(NewLogs))}exit\n";

    private string NewLogs(int number)
    {
        // Names are those of hosts, so they need no quotes; a record that was changed has what it has, and is quoted.
        var mark = ShellText.Quote($"[service:{string.Join('-', Names[number])}] ");
        var shown = $"/run/{Container(number)}.shown";
        return $"shown=0; [ ! -f {shown} ] || read -r shown <{shown}\n"
            + $"{Program} logs {Container(number)} 2>&1 | awk -v shown=\"$shown\" -v mark={mark} 'NR > shown && NR <= shown + 500 {{ print mark substr($0, 1, 1000) }} END {{ if (NR > shown + 500) print mark \"... (\" NR - shown - 500 \" more lines)\"; print NR >\"{shown}\" }}'\n";
    }

    private static string[] AsRoot(GuestUser user) => user.Value == "root" ? [] : ["sudo", "-n"];

    private int Find(string name)
    {
        for (var number = 0; number < Names.Count; number++)
        {
            if (Names[number].Contains(name, StringComparer.OrdinalIgnoreCase) || name == number.ToString(CultureInfo.InvariantCulture))
            {
                return number;
            }
        }

        throw new SystemFailureException(
            ErrorCodes.ServiceUnknown, $"the job has no service '{name}'", $"Give one of: {string.Join(", ", Names.SelectMany(names => names))}.");
    }

    private static string Container(int number) => string.Create(CultureInfo.InvariantCulture, $"{ServiceScript.Container}{number}");
}
