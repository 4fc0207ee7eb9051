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
/// <item>With podman, the script makes this network: a bridge, and a namespace for each container. podman's netavark calls iptables some thirty times for each container and starts a
/// name server: more than half of a start in an emulated guest. A template has the bridge and the namespaces already. Names are then lines in the containers' /etc/hosts. Where
/// the guest has not what it takes, or asks a name server of its own loopback, which containers do not reach, podman makes the network.</item>
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

    /// <summary>
    /// The first three bytes of the containers' addresses in the driver's own network; from the range for tests of network devices, as <see cref="ServiceNetwork"/>'s, and beside it.
    /// </summary>
    private const string Subnet = "198.18.1";

    /// <summary>The most containers that the driver's own network has addresses for.</summary>
    private const int Most = 250;

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
          wire() {
            [ "$engine" = podman ] && [ @count -le @most ] && command -v iptables-restore || return 1
            # By its path: a busybox that is the shell, too, would take its own, which knows no namespaces.
            ip=
            for one in /bin /sbin /usr/bin /usr/sbin; do
              [ ! -x "$one/ip" ] || ip=$one/ip
            done
            [ -n "$ip" ] || return 1
            servers=/etc/resolv.conf
            [ ! -e /run/systemd/resolve/resolv.conf ] || ! grep '^nameserver[[:space:]]*127\.0\.0\.53' "$servers" || servers=/run/systemd/resolve/resolv.conf
            ! grep -E '^nameserver[[:space:]]+(127\.|::1)' "$servers" || return 1
            [ -e /sys/class/net/@network ] || {
              printf '%s\n' '*nat' '-A POSTROUTING -s @subnet.0/24 ! -d @subnet.0/24 -j MASQUERADE' COMMIT \
                '*filter' '-I FORWARD -i @network -j ACCEPT' '-I FORWARD -o @network -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT' COMMIT | iptables-restore --wait --noflush &&
                echo 1 >/proc/sys/net/ipv4/ip_forward &&
                printf '%s\n' 'link add @network type bridge' 'addr add @subnet.1/24 dev @network' 'link set @network up' | "$ip" -batch - || return 1
            }
            for n in @numbers; do
              [ ! -e "/run/netns/@container$n" ] || continue
              printf '%s\n' "netns add @container$n" "link add @container$n type veth peer name eth0 netns @container$n" "link set @container$n master @network up" | "$ip" -batch - &&
                printf '%s\n' 'link set lo up' "addr add @subnet.$((n + 2))/24 dev eth0" 'link set eth0 up' 'route add default via @subnet.1' | "$ip" -n "@container$n" -batch - || return 1
            done
          }
          unwire() {
            for n in @numbers; do "$ip" netns delete "@container$n"; done
            "$ip" link delete @network
          }
          own=
          if wire >/dev/null 2>&1; then
            own=yes
          else
            [ -z "${ip-}" ] || unwire >/dev/null 2>&1
            [ "$engine" = podman ] && [ -e /etc/containers/networks/@network.json ] || said=$("$engine" network create @network 2>&1) || "$engine" network inspect @network >/dev/null 2>&1 || { tell engine-fails "$(echo "$said" | short)"; exit; }
          fi

          format='{{range $port, $x := .Config.ExposedPorts}}{{$port}} {{end}}'
          references=@references
          [ "$engine" = docker ] || [ -z "$references" ] || podman image inspect --format "{{range .RepoTags}}{{.}} {{end}}{{range .RepoDigests}}{{.}} {{end}}| $format" $references >"$work/here" 2>/dev/null
          known() {
            [ -e "$work/here" ] || return 1
            while IFS= read -r line; do
              case " ${line%%|*}" in
                *" $reference "* | *" $reference:latest "*) echo "${line#*| }"; return ;;
              esac
            done <"$work/here"
            return 1
          }
          look() { known || "$engine" image inspect --format "$format" "$reference" 2>/dev/null; }
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
            if [ -n "$own" ]; then
              address=@subnet.$((n + 2))
              set -- --network "ns:/run/netns/@container$n" --hostname "@container$n" --add-host "@container$n:$address" @hosts --pidfile "$work/$n.pid" "$@"
            else
              for name in $names; do set -- --network-alias "$name" "$@"; done
              set -- --network @network "$@"
            fi
            id=$("$engine" run --detach --name "@container$n" --log-driver json-file @privileged "$@" 2>"$work/$n.err") || {
              tell "$n" not-started "$(short <"$work/$n.err")"
              exit
            }
            pid=
            [ -z "$own" ] || { read -r pid <"$work/$n.pid"; } 2>/dev/null
            [ -n "$pid" ] || {
              set -- $("$engine" inspect --format '{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "@container$n")
              pid=$1
              [ -n "$own" ] || address=${2-}
            }
            [ -z "$address" ] || [ -z "$names" ] || echo "$address $names" >>/etc/hosts
            tell "$n" started "$address"
          }
          rehearse() {
            network=@network
            [ -z "$own" ] || network=ns:/run/netns/@container$n
            "$engine" run --rm --name "@container$n" --network "$network" --entrypoint /vmx-none "$reference" >/dev/null 2>&1
            "$engine" rm --force "@container$n" >/dev/null 2>&1
          }
          listens() {
            open=
            for table in tcp tcp6; do
              while read -r number local remote state rest; do
                [ "$state" = 0A ] || continue
                case $local in
                  0100007F:* | 00000000000000000000000001000000:*) ;;
                  *) open="$open ${local##*:}" ;;
                esac
              done <"/proc/$pid/net/$table"
            done 2>/dev/null
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
              listens
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
              sleep 0.4 2>/dev/null || sleep 1
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
        var references = plan.Services.Where(service => service.PullPolicies[0] != PullPolicy.Always).Select(service => service.Reference).Distinct(StringComparer.Ordinal);

        // Each place is filled once, and what fills it is not looked through again: an image's name may have such a word in it.
        return Place().Replace(Program, place => place.ValueSpan[1..] switch
        {
            "engines" => settings.Engine == ServiceEngine.Auto ? "podman docker" : settings.Engine.ToString().ToLowerInvariant(),
            "tries" => Tries.ToString(CultureInfo.InvariantCulture),
            "container" => Container,
            "network" => Network,
            "subnet" => Subnet,
            "most" => Most.ToString(CultureInfo.InvariantCulture),
            "count" => plan.Services.Count.ToString(CultureInfo.InvariantCulture),
            "numbers" => string.Join(' ', plan.Services.Select(service => service.Number)),
            "hosts" => string.Join(' ', plan.Services.SelectMany(Hosts)),
            "references" => ShellText.Quote(string.Join(' ', references)),
            "privileged" => settings.Privileged ? "--privileged" : "",
            "wait" => Math.Ceiling(settings.Wait.TotalSeconds).ToString(CultureInfo.InvariantCulture),
            "login" => plan.Logins.IsEmpty ? "" : $"  login=yes\n  printf %s {ShellText.Quote(plan.Logins.ToJson())} >\"$work/config.json\"\n",
            _ => string.Concat(plan.Services.Select(Service)),
        });
    }

    /// <summary>Names of hosts and addresses, which the shell takes as the words that they are.</summary>
    private static IEnumerable<string> Hosts(PlannedService service) =>
        service.Names.Select(name => string.Create(CultureInfo.InvariantCulture, $"--add-host {name}:{Subnet}.{service.Number + 2}"));

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

        List<string> arguments = [];
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

    [GeneratedRegex(@"@(?:engines|tries|container|network|subnet|most|count|numbers|hosts|references|privileged|wait|login|services)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Place();

    [GeneratedRegex(@"^[A-Za-z0-9_.-]+\z")]
    private static partial Regex VariableName();
}
