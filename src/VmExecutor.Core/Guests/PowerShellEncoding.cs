using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Lets a script of PowerShell read and write UTF-8, as the runner and job logs do: its console takes the character set of the account's locale
/// (<c>LC_ALL=de_DE.ISO-8859-1</c>), on Windows the machine's code page. The runner's own executors set it as well (shells/powershell.go, <c>stdinCmdArgs</c>).
/// <para>
/// The words stand on the line on which the script's block begins, so each error message has the line of the runner's script. A script that does not
/// begin with a block, as the runner's do, stays as it is: <c>param</c> and <c>using</c> must come first in theirs.
/// </para>
/// </summary>
public static class PowerShellEncoding
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The console cannot be set where the language is restricted: then nothing is changed.</summary>
    private static ReadOnlySpan<byte> Words =>
        "try { $OutputEncoding = [Console]::InputEncoding = [Console]::OutputEncoding = [Text.UTF8Encoding]::new($false) } catch {}; "u8;

    /// <summary>The script as it is stored in the guest.</summary>
    public static ReadOnlyMemory<byte> Apply(GuestShell shell, ReadOnlyMemory<byte> script)
    {
        var text = script.Span;
        if (shell != GuestShell.Pwsh || BlockOf(text) is not { } block)
        {
            return script;
        }

        return (byte[])[.. text[..block], .. Words, .. text[block..]];
    }

    /// <summary>The place of the block's beginning, which only a byte order mark and a line with the interpreter may precede.</summary>
    private static int? BlockOf(ReadOnlySpan<byte> text)
    {
        var at = text.StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        if (text[at..].StartsWith("#!"u8))
        {
            at += text[at..].IndexOf((byte)'\n') + 1;
        }

        return text[at..].StartsWith("& {"u8) ? at : null;
    }
}
