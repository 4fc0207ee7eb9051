using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Guests;

namespace VmExecutor.Core.Keeping;

/// <summary>
/// The shell text that takes a job's secrets out of its guest before people may enter it. It ends all processes that began since the
/// guest was ready, since a process has secrets in its environment and memory. Then it removes files: those that the runner and this
/// driver have left, the usual places of credentials, and all others that have a secret of the job in them. The secrets come by stdin,
/// one per line, so that they are in no argument list. It cannot find a secret that is encoded, compressed or outside of the directories
/// that it searches.
/// <list type="bullet">
/// <item>The start of a process is in stat(5), field 22, in hundredths of a second since boot; a kernel thread has no arguments.</item>
/// <item>It spares itself, its parents (its own sshd, the init system) and what was there before. What a service manager starts anew in place of what was
/// killed knows no secret, so only a process that would not die, or one with a script's mark, makes it give up.</item>
/// <item>It says <c>vmx-secrets:removed</c> as its last word; a caller that does not read that must destroy the VM.</item>
/// </list>
/// Linux only: it reads /proc.
/// </summary>
public static partial class SecretRemoval
{
    private const string Done = "vmx-secrets:removed";

    private const string Program =
        """
        home=$1 builds=$2 cache=$3 age=$4 temporary=$5 spared=" $$ " up=$$
        stat_of() {
          { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
          line=${line##*) }
        }
        while [ "${up:-0}" -gt 1 ] && stat_of "$up"; do
          set -- $line
          up=$2 spared="$spared$2 "
        done
        read -r now _ </proc/uptime
        mark=$(( (${now%.*} - age) * 100 ))
        young() {
          for entry in /proc/[0-9]*; do
            pid=${entry#/proc/}
            case "$spared" in *" $pid "*) continue ;; esac
            stat_of "$pid" || continue
            set -- $line
            case "$1" in Z|X) continue ;; esac
            if [ "$2" = 2 ] || [ "$2" = $$ ]; then continue; fi
            shift 19
            if [ "$1" -ge "$mark" ] && kill -s 0 "$pid" 2>/dev/null; then echo "$pid"; fi
          done
        }
        first=$(young)
        found=$first
        for signal in TERM KILL KILL KILL; do
          [ -n "$found" ] || break
          kill -s $signal $found 2>/dev/null
          sleep 0.3 2>/dev/null || sleep 1
          found=$(young)
        done
        for pid in $found; do
          for was in $first; do
            [ "$pid" != "$was" ] || exit 1
          done
          if grep -qs VMX_RUN= "/proc/$pid/environ"; then exit 1; fi
        done
        rm -rf "$home/.git-credentials" "$home/.config/git/credentials" "$home/.netrc" "$home/.docker/config.json" "$home/.npmrc" "$home/.pypirc"
        rm -rf /tmp/vmx-* "$temporary"/vmx-*
        [ ! -d "$builds" ] || find "$builds" -type d -name '*.tmp' -prune -exec rm -rf {} +
        [ ! -d "$builds" ] || find "$builds" -type f -path '*.git/*' -name config -exec sed -i -e 's#\(://\)[^/@ ]*@#\1#' -e '/extraheader/d' {} +
        set --
        for place in "$builds" "$cache" "$home" /tmp /var/tmp "$temporary"; do
          [ ! -d "$place" ] || set -- "$@" "$place"
        done
        umask 077
        list=$(mktemp) || exit 1
        trap 'rm -f "$list"' EXIT
        cat >"$list"
        with_secrets() { find "$@" -xdev -type f ! -path "$list" -exec grep -lsF -f "$list" {} +; }
        if [ -s "$list" ]; then
          with_secrets "$@" | while IFS= read -r file; do rm -f -- "$file"; done
          [ -z "$(with_secrets "$@")" ] || exit 1
        fi
        rm -f "$list"
        sync
        echo @done
        """;

    /// <summary>The text for the guest's <c>sh</c>, as root where <c>sudo -n</c> gives that: else a job's root processes would stay, but then it could start none.</summary>
    /// <param name="buildsDir">Where projects are checked out.</param>
    /// <param name="cacheDir">Where caches are.</param>
    /// <param name="sinceReady">How long ago the guest was ready: what is younger is the job's.</param>
    public static string Text(string buildsDir, string cacheDir, TimeSpan sinceReady)
    {
        var program = ShellText.Quote(Program.Replace("@done", Done, StringComparison.Ordinal));
        var arguments = string.Create(
            CultureInfo.InvariantCulture, $"vmx-secrets \"$HOME\" {ShellText.Quote(buildsDir)} {ShellText.Quote(cacheDir)} {Math.Max(1, (long)Math.Ceiling(sinceReady.TotalSeconds))} \"${{TMPDIR:-/tmp}}\"");
        return $"if [ \"$(id -u)\" != 0 ] && command -v sudo >/dev/null && sudo -n true 2>/dev/null; then exec sudo -n sh -c {program} {arguments}; fi; exec sh -c {program} {arguments}";
    }

    /// <summary>True when the text ran to its end.</summary>
    public static bool IsDone(string output) => Answer().IsMatch(output);

    [GeneratedRegex($"^{Done}$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Answer();
}
