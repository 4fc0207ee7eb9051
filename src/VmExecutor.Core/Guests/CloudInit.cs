using System.Text.RegularExpressions;

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
    /// Shell text; ends when cloud-init has ended, and prints the result. Before 17.1 cloud-init has no command <c>status</c>, and in
    /// some versions the command fails for users other than root: then the text waits for result.json.
    /// </summary>
    public const string Wait =
        """
        s=$(LC_ALL=C cloud-init status --wait 2>/dev/null)
        e=$?
        case $s in
          *status:*) ;;
          *)
            while [ -d /run/cloud-init ] && [ ! -e /run/cloud-init/result.json ]; do sleep 1; done
            e=0
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
