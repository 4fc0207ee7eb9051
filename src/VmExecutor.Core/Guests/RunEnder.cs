using System.Text.RegularExpressions;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Ends everything of one run in the guest, and only that: a shell text for <c>sh</c>'s stdin, so that the token is in no
/// argument list and the search does not find itself (its pattern <c>[a]bc</c> does not match its own text).
/// What belongs to a run: whatever has its token in the environment or its script among its arguments, all descendants of that, and of
/// the wrapper. Descendants matter for <c>sudo</c>, which clears the environment. Everything is asked to end, given a grace, then killed, until none is left.
/// <list type="bullet">
/// <item>Kills go to every process group that was seen, once more when a look finds nothing: a chain of processes, each of which starts
/// the next and ends, is quicker than any look. No group belongs to another run, since each command that comes by ssh has a session of its own.</item>
/// <item>All are asked by one <c>kill</c>, parents before children: a shell whose child is ended first takes that for the child's failure and
/// goes on to its next line, or to its end past its trap.</item>
/// <item>The wrapper is spared until then: it tells us the end, and while it is there a script may only be about to start.</item>
/// <item>The grace goes by the guest's own clock: a busy or emulated guest takes long for each look.</item>
/// <item>All of it is one function: a text that was cut short does nothing, a whole one is carried out even if its answer is not waited for.</item>
/// </list>
/// Linux only: it reads /proc.
/// </summary>
public static partial class RunEnder
{
    private const string Program =
        """
        find_all() {
          { grep -ls -e "VMX_RUN=$pattern" -e "vmx-$pattern-script" /proc/[0-9]*/environ /proc/[0-9]*/cmdline
            echo wrappers
            grep -ls "$pattern" /proc/[0-9]*/cmdline
            echo processes
            cat /proc/[0-9]*/stat
          } 2>/dev/null | awk '
            /^wrappers$/ || /^processes$/ { part = $1; next }
            part == "" { split($0, p, "/"); target[p[3]] = 1; next }
            part == "wrappers" { split($0, p, "/"); wrapper[p[3]] = 1; next }
            { pid = $1; sub(/^.*\) /, ""); if ($1 != "Z") { parent[pid] = $2; group[pid] = $3 } }
            END {
              do {
                more = 0
                for (pid in parent) {
                  up = parent[pid]
                  if (!(pid in target) && ((up in target) || ((up in wrapper) && !(pid in wrapper)))) { target[pid] = 1; more = 1 }
                }
              } while (more)
              for (pid in wrapper) if ((pid in parent) && !(pid in target)) { shells = shells " " pid; known[group[pid]] = 1 }
              do {
                more = 0
                for (pid in target) if ((pid in parent) && !(pid in listed) && !((parent[pid] in target) && (parent[pid] in parent) && !(parent[pid] in listed))) {
                  listed[pid] = more = 1
                  scripts = scripts " " pid
                  if (!(group[pid] in known)) { known[group[pid]] = 1; groups = groups " -" group[pid] }
                }
              } while (more)
              print "scripts=\"" scripts "\" groups=\"" groups "\" shells=\"" shells "\""
            }'
        }
        send() {
          signal=$1
          shift
          kill -s "$signal" -- "$@" 2>/dev/null || { command -v sudo >/dev/null && sudo -n kill -s "$signal" -- "$@" 2>/dev/null; }
        }
        ask() {
          kill -s TERM -- "$@" 2>/dev/null || for pid in "$@"; do
            kill -s 0 -- "$pid" 2>/dev/null || { command -v sudo >/dev/null && sudo -n kill -s TERM -- "$pid" 2>/dev/null; }
          done
          send CONT "$@"
        }
        look_at_clock() {
          read -r now _ </proc/uptime
          now=${now%.*}${now#*.}
        }
        look_for_all() {
          eval "$(find_all)"
          for group in $groups; do
            case "$seen " in *" $group "*) ;; *) seen="$seen $group" ;; esac
          done
        }
        end_all() {
          pattern="[${token%"${token#?}"}]${token#?}"
          asked= seen=
          look_at_clock
          began=$now
          look_for_all
          while [ -n "$scripts$shells" ] && [ $((now - began)) -lt @limit ]; do
            if [ $((now - began)) -ge @grace ]; then
              send KILL $seen $scripts $shells
            else
              new=
              for pid in $scripts; do
                case "$asked " in *" $pid "*) ;; *) new="$new $pid" ;; esac
              done
              asked="$asked$new"
              [ -z "$new" ] || ask $new
            fi
            sleep 0.1 2>/dev/null || sleep 1
            look_at_clock
            look_for_all
          done
          [ -z "$seen" ] || kill -s KILL -- $seen 2>/dev/null
          set -- $scripts
          echo "vmx-left:$#"
        }
        end_all
        """;

    /// <summary>
    /// The time that processes get to end after they were asked to, in hundredths of a second. The user who cancelled waits for it.
    /// </summary>
    private const string Grace = "70";

    /// <summary>
    /// The time after which processes that cannot be killed are given up, in hundredths of a second. Such a process waits in the kernel,
    /// or it is another user's and there is no sudo.
    /// </summary>
    private const string Limit = "1000";

    /// <summary>The text to give to <c>sh</c> on stdin; takes as long as the guest needs to end its processes, ten seconds at most.</summary>
    public static string Text(RunToken token) =>
        $"token={token}\n{Program.Replace("@grace", Grace, StringComparison.Ordinal).Replace("@limit", Limit, StringComparison.Ordinal)}\n";

    /// <summary>The number of processes that could not be ended; null: the output is no answer.</summary>
    public static int? ParseLeft(string output) =>
        Answer().Match(output) is { Success: true } answer ? int.Parse(answer.Groups[1].Value, null) : null;

    [GeneratedRegex(@"^vmx-left:([0-9]{1,6})$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Answer();
}
