using System.Text.Json;
using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Finds out whether cloud-init is still at work in a guest, by the files it leaves in /run and by <c>cloud-init status --wait</c>.
/// </summary>
public static partial class CloudInit
{
    /// <summary>
    /// Shell text; prints <c>vmx-cloud-init:</c> and a word. It starts no process where cloud-init is absent, done or disabled: result.json is
    /// written at the end of the last stage and is on a tmpfs, so it is never of another boot. Its <c>errors</c> are empty when all went well.
    /// Where there is no /run/cloud-init, the command itself is asked, since <c>--wait</c> would wait for ever for a cloud-init that never starts.
    /// </summary>
    internal const string Question =
        """
        c=/run/cloud-init w=
        if [ -e $c/result.json ]; then
          w=failed
          while read -r l; do
            case $l in *'"errors": []'*) w=done ;; esac
          done <$c/result.json
          [ $w = done ] || { cat $c/result.json; echo; }
        elif ! command -v cloud-init >/dev/null 2>&1 || [ -e $c/disabled ] || [ -e /etc/cloud/cloud-init.disabled ]; then
          w=none
        elif [ -d $c ]; then
          w=running
          { read -r l </proc/cmdline; } 2>/dev/null && case " $l " in *" cloud-init=disabled "*) w=none ;; esac
        else
          case $(cloud-init status 2>/dev/null) in *running*) w=running ;; *) w=none ;; esac
        fi
        echo "vmx-cloud-init:$w"
        """;

    /// <summary>
    /// Shell text; ends when cloud-init has ended, and prints the result and result.json. The end is that file and not the command's: as soon as one module had an
    /// error, <c>status --wait</c> says "error" and ends, while later stages still install packages (seen with 22.4). Before 17.1 cloud-init has no
    /// command <c>status</c>, and in some versions the command fails for users other than root. Where the last stage cannot run, the file never comes.
    /// </summary>
    public const string Wait =
        """
        c=/run/cloud-init
        s=$(LC_ALL=C cloud-init status --wait 2>/dev/null)
        e=$?
        while [ -d $c ] && [ ! -e $c/result.json ]; do
          if systemctl is-failed --quiet cloud-final.service 2>/dev/null; then
            e=1
            break
          fi
          sleep 1
        done
        if [ -e $c/result.json ]; then
          s=$(LC_ALL=C cloud-init status 2>/dev/null)
          e=$?
          cat $c/result.json
          echo
        fi
        case $s in
          *status:*) ;;
          *)
            e=0
            ! grep -q '"errors": \[ *$' $c/result.json 2>/dev/null || e=1
            ;;
        esac
        echo "vmx-cloud-init-end:$e"
        """;

    /// <summary>Prints cloud-init's status.json, which names the stage that it is in; prints nothing where there is none.</summary>
    public const string AskStage = "cat /run/cloud-init/status.json 2>/dev/null";

    /// <summary>The state in the answer; an answer without one means that the guest has no cloud-init.</summary>
    public static CloudInitState Parse(string output) => Answer().Match(output).Groups[1].Value switch
    {
        "running" => CloudInitState.Running,
        "failed" => CloudInitState.Failed,
        "done" => CloudInitState.Done,
        _ => CloudInitState.None,
    };

    /// <summary>
    /// The result of waiting. From 23.4 on the command ends with 2 when cloud-init is done with recoverable errors, and with 1 when it
    /// failed.
    /// </summary>
    public static CloudInitState ParseEnd(string output) => End().Match(output) is not { Success: true } end ? CloudInitState.None
        : end.Groups[1].Value switch
        {
            "0" => CloudInitState.Done,
            "2" => CloudInitState.Degraded,
            _ => CloudInitState.Failed,
        };

    /// <summary><c>modules-final</c>; null: not known.</summary>
    public static string? ParseStage(string status) => Stage().Match(status) is { Success: true } stage ? stage.Groups[1].Value : null;

    /// <summary>The errors that result.json names, which is part of the output of both texts; empty: it names none, or is not there.</summary>
    public static IReadOnlyList<string> ParseErrors(string output)
    {
        if (ResultIn(output) is not { } result)
        {
            return [];
        }

        try
        {
            return ForeignJson.Parse(result).TryGetProperty("v1", out var v1) && v1.ValueKind == JsonValueKind.Object
                && v1.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array
                    ? [.. errors.EnumerateArray().Where(error => error.ValueKind == JsonValueKind.String).Select(error => error.GetString()!)]
                    : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It is no object, for one.
            return [];
        }
    }

    /// <summary>
    /// The text of result.json: json.dumps(indent=1, sort_keys=True) of cloud-init's atomic_helper has the outermost braces alone at the begin of their lines.
    /// Each line is looked at once, however many the guest prints.
    /// </summary>
    private static string? ResultIn(string output)
    {
        var lines = output.Split('\n');
        var begin = Array.FindIndex(lines, line => line.TrimEnd() == "{");
        var end = begin < 0 ? -1 : Array.FindIndex(lines, begin + 1, line => line.StartsWith('}'));
        return end < 0 ? null : $"{string.Join('\n', lines[begin..end])}\n}}";
    }

    [GeneratedRegex("^vmx-cloud-init:([a-z]+)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Answer();

    [GeneratedRegex("^vmx-cloud-init-end:([0-9]+)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex End();

    [GeneratedRegex(@"""stage"":\s*""([a-z0-9-]{1,40})""", RegexOptions.CultureInvariant)]
    private static partial Regex Stage();
}

/// <summary>The state of cloud-init in a guest.</summary>
public enum CloudInitState
{
    /// <summary>It is not installed, or switched off.</summary>
    None,
    Running,
    Done,

    /// <summary>Done, with errors that it calls recoverable.</summary>
    Degraded,
    Failed,
}
