using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Services;

/// <summary>
/// The shell texts that join a job's guest and the guests of its services, for the stdin of a root shell. Each is one function, so that a text that was cut short does
/// nothing. Lines of its stdout that begin with <see cref="ServiceFacts.Word"/> tell what became of it, as if the guest had one service, number 0.
/// </summary>
public static partial class ServiceVmScript
{
    /// <summary>The variables of a service, in its guest.</summary>
    public const string VariablesFile = "/run/vm-executor/service.env";

    /// <summary>The time for the kernel to find the card; an emulated guest that boots is slow.</summary>
    private const int SecondsForCard = 30;

    private const string Quiet =
        """
        services() {
          mac=@mac
          if [ -d /run/systemd/netif ] && command -v networkctl >/dev/null 2>&1; then
            mkdir -p /run/systemd/network
            printf '[Match]\nMACAddress=%s\n[Link]\nUnmanaged=yes\n' "$mac" >/run/systemd/network/00-vmx-services.network
            chmod 0644 /run/systemd/network/00-vmx-services.network
            networkctl reload >/dev/null 2>&1
          fi
          if [ -d /run/NetworkManager ] && command -v nmcli >/dev/null 2>&1; then
            mkdir -p /run/NetworkManager/conf.d
            printf '[keyfile]\nunmanaged-devices+=mac:%s\n' "$mac" >/run/NetworkManager/conf.d/vmx-services.conf
            nmcli general reload conf >/dev/null 2>&1
          fi
          exit 0
        }
        services </dev/null

        """;

    private const string Begin =
        """
        services() {
          export LC_ALL=C
          PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
          tell() { printf 'vmx-service:0 %s\n' "$*"; }
          now() { read -r uptime rest </proc/uptime; uptime=${uptime%.*}; }
          ip=
          if command -v ip >/dev/null 2>&1; then ip=ip; elif command -v busybox >/dev/null 2>&1; then ip='busybox ip'; fi
          [ -n "$ip" ] || { tell not-started "the guest has no 'ip' to set up its network card with"; exit; }
          card() {
            for card in /sys/class/net/*; do
              if read -r one <"$card/address" && [ "$one" = @mac ]; then card=${card##*/}; return 0; fi
            done 2>/dev/null
            return 1
          }
          now
          until=$((uptime + @card))
          until card && $ip link set "$card" up 2>/dev/null && { $ip addr add @address dev "$card" 2>/dev/null; $ip addr show dev "$card" 2>/dev/null | grep -q '@address'; }; do
            now
            [ "$uptime" -lt "$until" ] || { tell not-started "the guest's kernel has no network card @mac after @card s: it must be able to take one while it runs (PCI hot-plug, virtio)"; exit; }
            sleep 0.2 2>/dev/null || sleep 1
          done
          printf %s @hosts >>/etc/hosts || { tell not-started "/etc/hosts cannot be written"; exit; }

        """;

    private const string AsJob =
        """
          tell started
          exit
        }
        services </dev/null

        """;

    private const string AsService =
        """
          ( umask 077; mkdir -p -m 0755 /run/vm-executor; printf %s @variables >@file ) || { tell not-started "@file cannot be written"; exit; }
          tell started
          within() ( set -a; . @file; set +a; exec sh -c "$1" )
          start=@start ready=@ready wanted=@ports
          if [ -n "$start" ]; then
            said=$(within "$start" 2>&1) || { code=$?; tell down "'service: start' ended with exit code $code"; printf '%s\n' "$said" | tail -n 20 | cut -c 1-1500 | while IFS= read -r line; do tell log "$line"; done; exit; }
          fi
          listens() {
            cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" && $2 !~ /^(0100007F|00000000000000000000000001000000):/ { sub(/.*:/, "", $2); print $2 }'
          }
          missing() {
            open=" $(listens | tr '\n' ' ')"
            for port in $wanted; do
              case $open in
                *" $(printf %04X "$port") "*) ;;
                *) printf ' %d' "$port" ;;
              esac
            done
          }
          now
          until=$((uptime + @wait))
          while :; do
            lacks=$(missing)
            if [ -z "$lacks" ]; then
              [ -n "$ready" ] || { tell up "$wanted"; exit; }
              said=$(within "$ready" 2>&1) && { tell up "$wanted"; exit; }
            fi
            now
            if [ "$uptime" -ge "$until" ]; then
              [ -z "$lacks" ] || { tell down "not open after @wait s:$lacks"; exit; }
              tell down "'service: ready' did not succeed within @wait s"
              printf '%s\n' "$said" | tail -n 20 | cut -c 1-1500 | while IFS= read -r line; do tell log "$line"; done
              exit
            fi
            sleep 0.2 2>/dev/null || sleep 1
          done
        }
        services </dev/null

        """;

    private const string Reach =
        """
        services() {
          command -v bash >/dev/null 2>&1 || exit 0
          limit=
          ! command -v timeout >/dev/null 2>&1 || limit='timeout 5'
          for port in @ports; do
            $limit bash -c 'exec 3<>"/dev/tcp/$0/$1"' @address "$port" 2>/dev/null || printf 'vmx-service:0 down %s\n' "$port"
          done
          exit
        }
        services </dev/null

        """;

    /// <summary>Keeps daemons of the guest from setting up its card for the services, before it has it. Nothing of it can fail the job.</summary>
    public static string Prepare(MacAddress mac) => Quiet.Replace("@mac", mac.Value, StringComparison.Ordinal);

    /// <summary>Sets up the card of the job's guest, and the names by which it reaches the services.</summary>
    /// <param name="mac">The card's address.</param>
    /// <param name="services">All of them.</param>
    public static string ForJob(MacAddress mac, IReadOnlyList<PlannedService> services) => Common(mac, null, services) + AsJob;

    /// <summary>Sets up the card of a service's guest and its variables, starts what it has to start, and waits until it is ready.</summary>
    /// <param name="mac">The card's address.</param>
    /// <param name="service">The service.</param>
    /// <param name="services">All of the job.</param>
    /// <param name="settings">The image's.</param>
    /// <param name="wait">The most that it may take.</param>
    public static string ForService(MacAddress mac, PlannedService service, IReadOnlyList<PlannedService> services, ServiceVmSettings settings, TimeSpan wait)
    {
        var text = new StringBuilder(Common(mac, service, [.. services.Where(other => other != service)])).Append(AsService)
            .Replace("@file", VariablesFile).Replace("@wait", Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture))
            .Replace("@ports", ShellText.Quote(string.Join(' ', Ports(service, settings))))
            .ToString();

        // The words of the job and of the administrator come last, and from the end of the text on: so nothing in them is taken for a place.
        return Fill(text, ("@ready", settings.Ready ?? ""), ("@start", settings.Start ?? ""), ("@variables", Variables(service.Wanted)));
    }

    /// <summary>Connects once from the job's guest, where that has bash, to see that it reaches a service that says that it is up.</summary>
    public static string ForReach(PlannedService service, ServiceVmSettings settings) => Reach
        .Replace("@ports", string.Join(' ', Ports(service, settings)), StringComparison.Ordinal).Replace("@address", ServiceNetwork.Address(service.Number), StringComparison.Ordinal);

    /// <summary>The ports that are waited for: the one that the job names, else those that the image names.</summary>
    public static IReadOnlyList<int> Ports(PlannedService service, ServiceVmSettings settings) => JobServices.PortOf(service.Wanted) is { } port ? [port] : settings.Ports;

    private static string Common(MacAddress mac, PlannedService? own, IReadOnlyList<PlannedService> others) => Begin
        .Replace("@mac", mac.Value, StringComparison.Ordinal)
        .Replace("@card", SecondsForCard.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("@address", $"{ServiceNetwork.Address(own?.Number)}/{ServiceNetwork.Bits}", StringComparison.Ordinal)
        .Replace(
            "@hosts",
            ShellText.Quote(string.Concat(others.Where(other => other.Names.Count > 0).Select(other => $"{ServiceNetwork.Address(other.Number)} {string.Join(' ', other.Names)}\n"))),
            StringComparison.Ordinal);

    private static string Fill(string text, params (string Place, string Words)[] places)
    {
        foreach (var (place, words) in places)
        {
            var at = text.IndexOf(place, StringComparison.Ordinal);
            text = text[..at] + ShellText.Quote(words) + text[(at + place.Length)..];
        }

        return text;
    }

    /// <summary>Lines that a shell and systemd's EnvironmentFile= read alike.</summary>
    private static string Variables(JobService service) => string.Concat(
        service.Variables.Where(variable => Name().IsMatch(variable.Key) && !variable.Value.Contains('\0', StringComparison.Ordinal))
            .Select(variable => $"{variable.Key}={ShellText.Quote(variable.Value)}\n"));

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex Name();
}
