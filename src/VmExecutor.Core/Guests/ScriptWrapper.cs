using System.Globalization;
using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Runs a script in the guest. ssh does not end while a background job of the script still holds its output, and its exit code 255 means
/// three things. So a POSIX shell in the guest takes the script from stdin, runs it and records its status in a file. Then it marks the
/// end on both streams, in order with the script's own output.
/// <list type="bullet">
/// <item>The script arrives as exactly the announced bytes followed by the token: a transfer cut short runs nothing. Where
/// <c>head</c> reads ahead (busybox) the token is swallowed, then the file's size decides. A <c>head</c> that has read everything but could not
/// write it (disk full) says so by its status, that of busybox only by a message.</item>
/// <item>Both streams begin with the script's path, which <see cref="ScriptNameScanner"/> exchanges for its name in error messages.</item>
/// <item>It runs in a process group of its own, since a script may well say <c>kill 0</c>.</item>
/// <item>The shell's own remarks ("Killed") go to /dev/null; the redirections are made in the child, as dash makes a plain command's in itself.</item>
/// <item><c>VMX_RUN</c> in its environment is how <see cref="RunEnder"/> finds everything the script has started.</item>
/// <item>In an emulated guest a fork costs 5 to 10 ms, and a program that it starts 40 ms: there are two, <c>head</c> and the script. bash reads
/// short scripts of ASCII itself, without <c>head</c>. <c>rm</c> comes after the end.</item>
/// <item>The status file needs no rename: each line is one write, and has an end. Its first line is the status and when the script ended (the
/// guest's uptime); its second says whether the streams still took the marker. A session that is gone has closed them: then the script
/// may have died of that (SIGPIPE), or gone on without a listener. The wrapper itself must not die of SIGPIPE there.</item>
/// <item>Where it is asked to, a loop beside the script looks each second or two how much memory the guest uses, and the end marker tells the most. In bash it starts no
/// further program: it waits for a pipe that nothing is written to.</item>
/// </list>
/// The text has no quote, newline, backslash pair or exclamation mark, so that any login shell, csh and fish too, hands it on unharmed.
/// </summary>
public static class ScriptWrapper
{
    /// <summary>A status no script can have: the script did not arrive whole (disk full, connection cut).</summary>
    public const int NotStored = 901;

    /// <summary>In the status file: the session's streams took the end marker.</summary>
    internal const string SessionThere = "there";

    private static readonly string Text =
        $$"""
        t=$1 n=$2 d=${TMPDIR:-/tmp}; f=$d/vmx-$1-$3; shift 3;
        {{RemoteCommand.Begin("$t", "\"$f\"")}}
        exec 3>&2 2>/dev/null;
        if @store; then
          @start
        else
          s=901; rm -f "$f";
        fi;
        u=; read -r u r </proc/uptime;
        trap "" PIPE; w={{SessionThere}};
        echo "$s $u." >"$d/vmx-$t-status";
        @peak
        printf "\000%s %s\n" "$t" "$s$p" || w=gone;
        printf "\000%s %s\n" "$t" "$s$p" >&3 || w=gone;
        echo "$w." >>"$d/vmx-$t-status";
        exec rm -f "$f"@memory
        """;

    /// <summary>The most that a guest can say of its memory: 999 TiB in KiB.</summary>
    internal const int MemoryDigits = 12;

    /// <summary>The memory that cannot be given to another program at once (proc(5), MemAvailable), in KiB.</summary>
    private const string Sample = "while read -r k v r; do case $k in MemTotal:) a=$v;; MemAvailable:) u=$((a-v)); break;; esac; done </proc/meminfo;";

    /// <summary>
    /// A loop that writes a line for each new maximum and ends when the file is gone. The shell opens the file before: a loop that began after a short script's end would make it anew.
    /// </summary>
    private const string Measure =
        """{ (exec </dev/null 2>/dev/null 3>&-; @tick a=0 u=0 x=0; while [ -e "$d/vmx-$t-memory" ]; do """ + Sample + """ [ "$u" -le "$x" ] || { x=$u; echo "$x"; }; @wait; done) & } >>"$d/vmx-$t-memory"; """;

    private static readonly string MeasureInBash =
        Measure.Replace("@tick", "exec 9<> <(:);", StringComparison.Ordinal).Replace("@wait", "read -t 1 -u 9 k", StringComparison.Ordinal);

    private static readonly string MeasureInAnySh =
        Measure.Replace("@tick ", "", StringComparison.Ordinal).Replace("@wait", "sleep 2", StringComparison.Ordinal);

    /// <summary>
    /// The file is the job's as much as the wrapper's: what is no number of a sensible length is not passed on, for it would hide the marker. A script that ended before the loop
    /// has looked is looked at once.
    /// </summary>
    private static readonly string TellPeak =
        $$"""p=; while read -r e; do [ ${#e} -le {{MemoryDigits}} ] && [ "$e" -gt 0 ] && p=" ${e#+}"; done <"$d/vmx-$t-memory"; a=0 u=0; {{Sample}} [ "$u" -le "${p:-0}" ] || p=" $u";""";

    /// <summary>bash reads byte by byte, and so no byte too much: 32 KiB take it some 10 ms in an emulated guest.</summary>
    private const int LongestToRead = 32 << 10;

    private const string ByHead =
        """x=$(exec 2>&1; umask 077; set -C; exec head -c "$n" >"$f") && { read -r e; { [ "$e" = "$t" ] && [ -z "$x" ]; } || [ "$(wc -c <"$f")" -eq "$n" ]; }""";

    /// <summary>A <c>read</c> that reads nothing leaves it to <c>head</c>: a bash without <c>-N</c> (before 4.1), an <c>IFS</c> that the account has made read-only.</summary>
    private const string ByRead =
        """if IFS= read -r -N "$n" vmx_script; then (umask 077; set -C; printf %s "$vmx_script" >"$f") && read -r e && [ "$e" = "$t" ]; else """ + ByHead + "; fi";

    /// <summary>In the foreground, since a shell without a terminal makes background jobs deaf to SIGINT, in a session of its own.</summary>
    private const string InAnySh =
        """p=setsid; command -v setsid >/dev/null || p=; (exec </dev/null 2>&3 3>&-; export VMX_RUN="$t" @environment; exec $p "$@" "$f"); s=$?;""";

    /// <summary>
    /// With bash's job control a background job has a process group of its own and hears SIGINT: no setsid to start. But <c>wait</c> returns
    /// then for a script that was only stopped, too (bash(1), which has <c>-f</c> against it from 5.0 on).
    /// </summary>
    private const string InBash =
        """set -m; (exec </dev/null 2>&3 3>&-; export VMX_RUN="$t" @environment; exec "$@" "$f") & wait $!; s=$?; while [ $s -gt 128 ] && kill -0 $!; do sleep 1; wait $!; s=$?; done;""";

    /// <summary>
    /// Undoes what start-up files (<c>.bashrc</c>) may have changed in the shell that runs the wrapper: options (<c>set -e</c> would end it
    /// with the script's failure), traps, field separators, and other meanings of the words that it uses. The environment stays: it is the
    /// account's. The wrapper is read after that, by <c>eval</c>, since bash exchanges aliases while it reads a line. A <c>ForceCommand</c>
    /// may let another sh run what the account's bash was meant for.
    /// </summary>
    private const string ResetBash =
        "[ -z \"${BASH_VERSION-}\" ] || { set +abefkntuvxCET +o pipefail +o posix; trap - DEBUG ERR RETURN EXIT HUP INT QUIT PIPE TERM CHLD; shopt -u failglob nullglob expand_aliases; "
        + "unset IFS; unset -f set shift printf exec umask head read wc command export wait kill sleep echo trap rm; };";

    /// <summary>The command line for the guest's login shell.</summary>
    /// <param name="token">The run's.</param>
    /// <param name="script">The script.</param>
    /// <param name="shell">Its shell.</param>
    /// <param name="loginShell">The shell that reads the command line.</param>
    /// <param name="environment">Words such as <c>NAME=value</c> without blanks and quotes in them; empty: none.</param>
    /// <param name="measures">True: the end marker has the most memory that the guest used meanwhile.</param>
    public static string CommandLine(RunToken token, ReadOnlySpan<byte> script, GuestShell shell, LoginShell loginShell, string environment = "", bool measures = false)
    {
        // bash counts characters of the account's locale, which only for ASCII are bytes in any, and its variables have no NUL.
        var isRead = loginShell == LoginShell.Bash && script.Length <= LongestToRead && !script.ContainsAnyExceptInRange((byte)1, (byte)0x7f);
        var oneLine = Text.ReplaceLineEndings(" ").Replace("@store", isRead ? ByRead : ByHead, StringComparison.Ordinal)
            .Replace("@peak", measures ? TellPeak : "p=;", StringComparison.Ordinal).Replace("@memory", measures ? " \"$d/vmx-$t-memory\"" : "", StringComparison.Ordinal);
        var arguments = string.Create(
            CultureInfo.InvariantCulture, $"{token} {script.Length} {(shell == GuestShell.Pwsh ? "script.ps1" : "script")} {Interpreter(shell)}");

        // Both have "vmx-run TOKEN" in their argument list, by which RunEnder finds the wrapper.
        return loginShell == LoginShell.Bash
            ? $": vmx-run {token}; {ResetBash} eval 'set -- {arguments}; {oneLine.Replace("@start", With(measures ? MeasureInBash + InBash : InBash, environment), StringComparison.Ordinal)}'"
            : $"exec sh -c '{oneLine.Replace("@start", With(measures ? MeasureInAnySh + InAnySh : InAnySh, environment), StringComparison.Ordinal)}' vmx-run {arguments}";
    }

    /// <summary>The program that must be there for this shell's scripts.</summary>
    public static string Program(GuestShell shell) => shell switch
    {
        GuestShell.Bash => "bash",
        GuestShell.Sh => "sh",
        GuestShell.Pwsh => "pwsh",
        _ => throw new ArgumentOutOfRangeException(nameof(shell), shell, null),
    };

    private static string With(string start, string environment) => start.Replace(" @environment", environment.Length == 0 ? "" : $" {environment}", StringComparison.Ordinal);

    private static string Interpreter(GuestShell shell) =>
        shell == GuestShell.Pwsh ? "pwsh -NoProfile -NonInteractive -File" : Program(shell);
}
