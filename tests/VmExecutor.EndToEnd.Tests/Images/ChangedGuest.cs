using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Images;

/// <summary>
/// The test guest with other settings. Its initrd has an archive more (the kernel unpacks one after the other), which puts a script among
/// those that the guest runs at each boot before its sshd. So the disk is the test guest's own.
/// </summary>
internal static class ChangedGuest
{
    /// <summary>Makes the initrd.</summary>
    /// <param name="guest">The test guest.</param>
    /// <param name="directory">Where the initrd is made.</param>
    /// <param name="script">Lines for busybox's sh, which run as root.</param>
    /// <param name="programs">
    /// Files or directories of this host that the guest gets as well, with the libraries that they need: the guest is of the same Debian.
    /// </param>
    /// <returns>The initrd's path.</returns>
    public static async Task<string> MakeAsync(TestGuest guest, string directory, string script, params IReadOnlyList<string> programs)
    {
        var initrd = Path.Combine(directory, "initrd.img");
        await File.WriteAllTextAsync(Path.Combine(directory, "script"), $"#!/bin/busybox sh\n{script}\n");
        await HostCommand.OutputAsync("bash", ["-c", Maker, "make", guest.Initrd, directory, initrd, .. programs]);
        return initrd;
    }

    private const string Maker =
        """
        set -euo pipefail
        old=$1 directory=$2 new=$3
        shift 3
        mkdir -p "$directory/more/changed"
        cd "$directory/more"
        cpio --quiet --extract --make-directories init < "$old"
        sed -i '/^exec .*switch_root/d' init
        cat >> init <<'END'
        [ ! -e /changed/programs.tar ] || /bin/busybox tar -x -f /changed/programs.tar -C /root
        /bin/busybox cp /changed/script /root/etc/vm-executor-init.d/20-changed
        exec /bin/busybox switch_root -c /dev/console /root /sbin/init
        END
        chmod 0755 init ../script
        mv ../script changed/script
        if [[ $# -gt 0 ]]; then
            libraries=$(for program; do [[ ! -f $program ]] || ldd "$program" | grep -o '/[^ ]*'; done | sort -u)
            # The guest's /lib and /bin are links, which tar would replace.
            # shellcheck disable=SC2086
            tar --create --dereference --file changed/programs.tar --directory / --transform 's,^lib,usr/lib,;s,^bin/,usr/bin/,' -- $(printf '%s\n' "$@" $libraries | sed 's,^/,,')
        fi
        { cat "$old"; find . | cpio --quiet --create --format=newc --owner=0:0; } > "$new"
        """;
}
