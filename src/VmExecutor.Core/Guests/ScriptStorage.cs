using System.Globalization;
using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Guests;

/// <summary>Finds out why a script could not be stored in a guest that had room for it when its VM was prepared.</summary>
public static class ScriptStorage
{
    /// <summary>The word at the end of a complete answer.</summary>
    private const string Looked = "vmx-looked";

    /// <summary>Shell text for any POSIX sh: writes a file as large as the script where the script would be. It makes no directory.</summary>
    public static string Text(int scriptLength) =>
        $$"""
        printf '%s\n' "vmx-tmp:${TMPDIR:-/tmp}"
        if [ -e {{GuestChecks.Temporary}} ] || [ -L {{GuestChecks.Temporary}} ]; then
        {{PlaceCheck.Text([GuestChecks.Temporary], scriptLength)}}
        else
          echo vmx-place:0:absent:
        fi
        echo {{Looked}}
        """;

    /// <summary>The failure that follows from the guest's answer.</summary>
    /// <param name="access">The guest.</param>
    /// <param name="scriptLength">In bytes.</param>
    /// <param name="output">The guest's answer to <see cref="Text"/>; null: it gave none.</param>
    public static SystemFailureException Failure(GuestAccess access, int scriptLength, string? output)
    {
        var subject = string.Create(CultureInfo.InvariantCulture, $"the script ({(scriptLength / 1024) + 1} KiB) could not be stored in the guest {access}");
        if (output is not null && GuestChecks.FindTemporaryFault(output, access.User) is var (what, fix))
        {
            var room = PlaceCheck.Parse(output)[0].Room is { } figures ? $"; {figures}" : "";
            return new SystemFailureException(
                ErrorCodes.GuestCannotRunScripts,
                $"{subject}: {what}{room}",
                $"Scripts could be stored there when the VM was prepared. If the job has filled or changed that place, let it write less, or elsewhere. {fix}");
        }

        return new SystemFailureException(
            ErrorCodes.GuestCannotRunScripts,
            $"{subject}: {(output?.Contains(Looked, StringComparison.Ordinal) == true ? "it did not arrive whole, although there is room for it now" : "it did not arrive whole, and the guest does not say why")}",
            "Retry the job. If it happens again, see the guest's console log for errors of its disk, and whether the job's own processes fill or remove $TMPDIR, else /tmp.");
    }
}
