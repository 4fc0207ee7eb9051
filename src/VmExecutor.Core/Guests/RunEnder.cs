using System.Text.RegularExpressions;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Ends everything of one run in the guest, and only that: a shell text for <c>sh</c>'s stdin, so that the token is in no
/// argument list and the search does not find itself (its pattern <c>[a]bc</c> does not match its own text).
/// What belongs to a run: whatever has its token in the environment, all descendants of that, and of the wrapper. Descendants
/// matter for <c>sudo</c>, which clears the environment. Everything is asked to end, given a grace, then killed, until none is left.
/// The wrapper is spared until then: it tells us the end, and while it is there a script may only be about to start.
/// Linux only: it reads /proc.
/// </summary>
public static partial class RunEnder
{
    private const string Program =
        """
        find_all() {
          { grep -ls "VMX_RUN=$pattern" /proc/[0-9]*/environ
            echo wrappers
            grep -ls "$pattern" /proc/[0-9]*/cmdline
            echo processes
            cat /proc/[0-9]*/stat
          } 2>/dev/null | awk '
            /^wrappers$/ || /^processes$/ { part = $1; next }
            part == "" { split($0, p, "/"); target[p[3]] = 1; next }
            part == "wrappers" { split($0, p, "/"); wrapper[p[3]] = 1; next }
            { pid = $1; sub(/^.*\) /, ""); if ($1 != "Z") parent[pid] = $2 }
            END {
              do {
                more = 0
                for (pid in parent) {
                  up = parent[pid]
                  if (!(pid in target) && ((up in target) || ((up in wrapper) && !(pid in wrapper)))) { target[pid] = 1; more = 1 }
                }
              } while (more)
              for (pid in target) if (pid in parent) scripts = scripts " " pid
              for (pid in wrapper) if ((pid in parent) && !(pid in target)) shells = shells " " pid
              print "scripts=\"" scripts "\" shells=\"" shells "\""
            }'
        }
        send() {
          kill -s "$@" 2>/dev/null || { command -v sudo >/dev/null && sudo -n kill -s "$@" 2>/dev/null; }
        }
        pattern="[${token%"${token#?}"}]${token#?}"
        tries=0 asked=
        eval "$(find_all)"
        while [ -n "$scripts$shells" ] && [ "$tries" -lt 45 ]; do
          if [ "$tries" -ge 15 ]; then
            send KILL $scripts $shells
          else
            for pid in $scripts; do
              case "$asked " in *" $pid "*) ;; *) send TERM "$pid"; send CONT "$pid"; asked="$asked $pid" ;; esac
            done
          fi
          sleep 0.1 2>/dev/null || sleep 1
          tries=$((tries + 1))
          eval "$(find_all)"
        done
        set -- $scripts
        echo "vmx-left:$#"
        """;

    /// <summary>The text to give to <c>sh</c> on stdin; takes at most some seconds, as many as the guest needs to end its processes.</summary>
    public static string Text(RunToken token) => $"token={token}\n{Program}\n";

    /// <summary>How many processes could not be ended; null when the answer is not one.</summary>
    public static int? ParseLeft(string output) =>
        Answer().Match(output) is { Success: true } answer ? int.Parse(answer.Groups[1].Value, null) : null;

    [GeneratedRegex(@"^vmx-left:([0-9]{1,6})$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Answer();
}
