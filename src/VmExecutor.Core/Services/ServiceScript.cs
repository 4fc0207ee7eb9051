using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;

namespace VmExecutor.Core.Services;

/// <summary>
/// The shell text that starts a job's services in its guest, for the stdin of a root shell. It is one function, so that a text that was cut short does nothing.
/// <list type="bullet">
/// <item>The services start side by side: in an emulated guest a command of podman takes one to three seconds.</item>
/// <item>Each line of its stdout that begins with <see cref="ServiceFacts.Word"/> tells something of one service, see there.</item>
/// <item>The containers have a network of their own, where each finds the others by their names. The guest finds them by lines in /etc/hosts.</item>
/// <item>A service is ready when a port is open, as with the runner. It is not connected to before, since some servers count or log such visits: the kernel's
/// table of the container's network (/proc/PID/net/tcp, proc(5)) has what listens there, whatever tools the guest has. Then the guest connects once: systemd-networkd may
/// have taken the container's link from its bridge.</item>
/// <item>After a template has fetched an image, a container of it is started with a program that it does not have. So the template's memory has all that an engine
/// reads for a start, and nothing of the image has run. It halves the time of a clone's first container.</item>
/// <item>Their lines are in files (podman takes json-file for its k8s-file), not in the guest's journal: that begins anew with the machine-id of each clone, and podman then reads
/// nothing of it.</item>
/// <item>Variables go by a file that is removed, and those with line ends, which no such file can have, by the engine's arguments. Logins go by a file only.</item>
/// </list>
/// </summary>
public static partial class ServiceScript
{
    /// <summary>The network of the containers.</summary>
    public const string Network = "vmx-services";

    /// <summary>The beginning of a container's name; its number follows.</summary>
    public const string Container = "vmx-service-";

    /// <summary>The number of times that docker's daemon, which may be starting, is asked, a second apart.</summary>
    private const int Tries = 60;

    private const string Program =
        """
        services() {
          export LC_ALL=C
          unset DOCKER_HOST DOCKER_CONTEXT CONTAINER_HOST
          tell() { printf 'vmx-service:%s\n' "$*"; }
          short() { tr '\n\r\t' '   ' | cut -c 1-1500; }
          engine=
          for one in @engines; do
            [ -n "$engine" ] || ! command -v "$one" >/dev/null 2>&1 || engine=$one
          done
          [ -n "$engine" ] || { tell engine none; exit; }
          tell engine "$engine"
          work=/run/vmx-services
          umask 077
          rm -rf "$work"
          mkdir "$work" || exit
          trap 'rm -rf "$work"' EXIT
          login=
        @login  try=0
          while [ "$engine" = docker ] && ! said=$(docker info 2>&1 >/dev/null); do
            try=$((try + 1))
            [ "$try" -lt @tries ] || { tell engine-fails "$(echo "$said" | short)"; exit; }
            sleep 1
          done
          [ "$engine" = podman ] && [ -e /etc/containers/networks/@network.json ] || said=$("$engine" network create @network 2>&1) || "$engine" network inspect @network >/dev/null 2>&1 || { tell engine-fails "$(echo "$said" | short)"; exit; }

          look() { "$engine" image inspect --format '{{range $port, $x := .Config.ExposedPorts}}{{$port}} {{end}}' "$reference" 2>/dev/null; }
          pull() {
            if [ "$engine" = docker ]; then
              docker ${login:+--config "$work"} pull --quiet "$@" "$reference" 2>&1
            else
              podman pull ${login:+--authfile "$work/config.json"} --quiet "$@" "$reference" 2>&1
            fi
          }
          get() {
            for policy in $policies; do
              said='the image is not in the guest, and pull_policy is never'
              case $policy in
                never) ports=$(look) && return ;;
                if-not-present) { ports=$(look) || { said=$(pull "$@") && ports=$(look); }; } && return ;;
                always) said=$(pull "$@") && ports=$(look) && return ;;
              esac
            done
            tell "$n" not-pulled "$(echo "$said" | short)"
            exit
          }
          begin() {
            id=$("$engine" run --detach --name "@container$n" --log-driver json-file --network @network @privileged "$@" 2>"$work/$n.err") || {
              tell "$n" not-started "$(short <"$work/$n.err")"
              exit
            }
            set -- $("$engine" inspect --format '{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "@container$n")
            pid=$1 address=${2-}
            [ -z "$address" ] || [ -z "$names" ] || echo "$address $names" >>/etc/hosts
            tell "$n" started "$address"
          }
          rehearse() {
            "$engine" run --rm --name "@container$n" --network @network --entrypoint /vmx-none "$reference" >/dev/null 2>&1
            "$engine" rm --force "@container$n" >/dev/null 2>&1
          }
          listens() {
            awk '$4 == "0A" && $2 !~ /^(0100007F|00000000000000000000000001000000):/ { sub(/.*:/, "", $2); print $2 }' "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" 2>/dev/null
          }
          lines() {
            tell "$n" down "$1"
            "$engine" logs --tail 20 "@container$n" 2>&1 | cut -c 1-1500 | while IFS= read -r line; do tell "$n" log "$line"; done
            exit
          }
          reaches() {
            refused=$1
            command -v bash >/dev/null 2>&1 || return 0
            limit=
            ! command -v timeout >/dev/null 2>&1 || limit='timeout 5'
            $limit bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$address" "$1" 2>/dev/null
          }
          await() {
            wanted= refused=
            for port in ${health:-$ports}; do
              case $port in
                */udp | */sctp) ;;
                *) wanted="$wanted $(printf %04X "${port%/*}")" ;;
              esac
            done
            [ -n "$wanted" ] || { tell "$n" up; exit; }
            read -r until rest </proc/uptime
            until=$((${until%.*} + @wait))
            while :; do
              open=$(listens)
              for port in $wanted; do
                for one in $open; do
                  [ "$one" != "$port" ] || ! reaches "$((0x$port))" || { tell "$n" up "$((0x$port))"; exit; }
                done
              done
              [ -d "/proc/$pid/net" ] || lines "it ended with exit code $("$engine" inspect --format '{{.State.ExitCode}}' "@container$n")"
              read -r now rest </proc/uptime
              if [ "${now%.*}" -ge "$until" ]; then
                [ -z "$refused" ] || lines "its port $refused is open in its container, and the guest does not reach it at $address after @wait s"
                lines "none of its ports was open after @wait s:$(for port in $wanted; do printf ' %d' "0x$port"; done)"
              fi
              sleep 0.2 2>/dev/null || sleep 1
            done
          }
        @services  wait
          tell done
          exit
        }
        services </dev/null

        """;

    /// <param name="plan">The services.</param>
    /// <param name="settings">The image's.</param>
    public static string For(ServicePlan plan, ServiceSettings settings)
    {
        var text = Program
            .Replace("@engines", settings.Engine == ServiceEngine.Auto ? "podman docker" : settings.Engine.ToString().ToLowerInvariant(), StringComparison.Ordinal)
            .Replace("@tries", Tries.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("@container", Container, StringComparison.Ordinal)
            .Replace("@network", Network, StringComparison.Ordinal)
            .Replace("@privileged", settings.Privileged ? "--privileged" : "", StringComparison.Ordinal)
            .Replace("@wait", Math.Ceiling(settings.Wait.TotalSeconds).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

        // Both places are found before the job's words are in the text.
        var login = text.Split("@login", 2);
        var services = login[1].Split("@services", 2);
        return login[0]
            + (plan.Logins.IsEmpty ? "" : $"  login=yes\n  printf %s {ShellText.Quote(plan.Logins.ToJson())} >\"$work/config.json\"\n")
            + services[0]
            + string.Concat(plan.Services.Select(Service))
            + services[1];
    }

    private static string Service(PlannedService service)
    {
        var number = service.Number.ToString(CultureInfo.InvariantCulture);
        var wanted = service.Wanted;
        if (service.IsFetchedOnly)
        {
            return $"""
                  (
                    n={number} reference={ShellText.Quote(service.Reference)} policies={ShellText.Quote(string.Join(' ', service.PullPolicies.Select(PullPolicyWords.WordOf)))}
                    get
                    rehearse
                    tell "$n" up
                  ) &

                """;
        }

        List<string> arguments = [.. service.Names.SelectMany(name => new[] { "--network-alias", name })];
        var file = new StringBuilder();
        foreach (var (name, value) in wanted.Variables.Where(variable => VariableName().IsMatch(variable.Key) && !variable.Value.Contains('\0', StringComparison.Ordinal)))
        {
            if (value.AsSpan().ContainsAny('\n', '\r'))
            {
                arguments.AddRange(["--env", $"{name}={value}"]);
            }
            else
            {
                file.Append(name).Append('=').Append(value).Append('\n');
            }
        }

        List<string> platform = wanted.Platform is { } one ? ["--platform", one] : [];
        arguments.AddRange(platform);
        arguments.AddRange(wanted.User is { } user ? ["--user", user] : []);

        // An engine's option takes one word; the others stand before the command, and an entry point leaves the image's command out (docker-run(1)).
        arguments.AddRange(wanted.Entrypoint is [var program, ..] ? ["--entrypoint", program] : []);
        IEnumerable<string> command = [service.Reference, .. wanted.Entrypoint.Skip(1), .. wanted.Command];
        return $"""
              (
                n={number} reference={ShellText.Quote(service.Reference)} names={ShellText.Quote(string.Join(' ', service.Names))} health={JobServices.PortOf(wanted)}
                policies={ShellText.Quote(string.Join(' ', service.PullPolicies.Select(PullPolicyWords.WordOf)))}
                get {Words(platform)}
                printf %s {ShellText.Quote(file.ToString())} >"$work/$n.env"
                begin --env-file "$work/$n.env" {Words(arguments)} {Words(command)}
                await
              ) &

            """;
    }

    private static string Words(IEnumerable<string> words) => string.Join(' ', words.Select(ShellText.Quote));

    [GeneratedRegex(@"^[A-Za-z0-9_.-]+\z")]
    private static partial Regex VariableName();
}
