using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;

namespace VmExecutor.Core.ProjectDisks;

/// <summary>
/// The shell texts that mount a project's disk in a guest and unmount it, for the stdin of a root shell. Each is one function, so that a text that was cut short does nothing. A line
/// of its stdout that begins with <see cref="DiskAnswer.Word"/> tells what became of it. The guest needs no tool but mount and umount. The disk is found by its serial, not by its
/// label, since another disk of the guest may have the same label.
/// </summary>
public static partial class DiskScript
{
    /// <summary>A program in the guest that mounts the disk by itself when it appears (executor/guest/project-disk), for guests whose login is neither root nor has sudo.</summary>
    public const string Hook = "/usr/libexec/vm-executor/project-disk";

    /// <summary>The words of <see cref="DiskEvent.Mounted"/> of a disk that the guest's own program has mounted.</summary>
    public const string ByGuest = "by-guest";

    /// <summary>The time for the kernel to find the disk; an emulated guest that boots is slow.</summary>
    private const int SecondsForDisk = 60;

    // The bind mounts have the options of the mount that they show (mount(8)). noinit_itable: what was never written is zero already, and is not to be written.
    private const string MountText =
        """
        disk() {
          export LC_ALL=C
          PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
          tell() { printf 'vmx-disk:%s\n' "$*"; }
          now() { read -r uptime rest </proc/uptime; uptime=${uptime%.*}; }
          find() {
            for device in /sys/block/*; do
              serial=
              read -r serial <"$device/serial" || [ -n "$serial" ] || continue
              [ "$serial" != @serial ] || { device=/dev/${device##*/}; [ -b "$device" ]; return; }
            done 2>/dev/null
            return 1
          }
          now
          until=$((uptime + @seconds))
          if [ -x @hook ]; then
            is_at() {
              while read -r id parent node root at rest; do
                [ "$node" != "$number" ] || [ "$at" != "$1" ] || return 0
              done </proc/self/mountinfo
              return 1
            }
            until find && read -r number <"/sys/block/${device##*/}/dev" && is_at @seen_builds && is_at @seen_cache; do
              said=
              { read -r said <@top.failed; } 2>/dev/null
              case $said in damaged*|failed*) tell "$said"; exit ;; esac
              now
              if [ "$uptime" -ge "$until" ]; then
                if find; then tell failed "the guest's @hook has not mounted it at "@builds" and "@cache" within @seconds s"; else tell absent; fi
                exit
              fi
              sleep 0.1 2>/dev/null || sleep 1
            done
            for place in @builds @cache; do
              [ -w "$place" ] || { tell failed "$place is not writable for "@user": see /etc/vm-executor/project-disk.conf in the guest"; exit; }
            done
            tell mounted @by_guest
            exit
          fi
          until find; do
            now
            [ "$uptime" -lt "$until" ] || { tell absent; exit; }
            sleep 0.1 2>/dev/null || sleep 1
          done
          umask 022
          mkdir -p /run/vm-executor
          mkdir -p -m 0700 @top || { tell failed "@top cannot be made"; exit; }
          said=$(mount -t ext4 -o nosuid,nodev,noatime,noinit_itable,discard "$device" @top 2>&1) || {
            said=$(printf '%s' "$said" | tr '\n' ' ')
            if grep -qw ext4 /proc/filesystems; then tell damaged "$said"; else tell failed "the guest's kernel has no ext4: $said"; fi
            exit
          }
          place() {
            [ ! -L "@top/$1" ] || { tell damaged "its directory $1 is a link"; return 1; }
            if [ ! -d "@top/$1" ]; then
              mkdir "@top/$1" && chown @user "@top/$1" || { tell damaged "its directory $1 cannot be made"; return 1; }
            fi
            mkdir -p "$2" && said=$(mount -o bind "@top/$1" "$2" 2>&1) || { tell failed "it cannot be mounted at $2: $said"; return 1; }
          }
          place builds @builds || { umount @top; exit; }
          place cache @cache || { umount @builds; umount @top; exit; }
          tell mounted
          exit
        }
        disk </dev/null

        """;

    // A process that keeps the disk busy is killed: the VM goes in the next moment. The places are mounts of their own, and the first mount can be gone while they are there.
    private const string UnmountText =
        """
        disk() {
          export LC_ALL=C
          PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
          tell() { printf 'vmx-disk:%s\n' "$*"; }
          disk=
          while read -r from at rest; do [ "$at" != @top ] || disk=$from; done </proc/mounts
          [ -n "$disk" ] || { tell absent; exit; }
          is_mounted() { while read -r from rest; do [ "$from" != "$disk" ] || return 0; done </proc/mounts; return 1; }
          users() {
            ls -l /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/exe /proc/[0-9]*/fd/ 2>/dev/null | while IFS= read -r line; do
              case $line in
                /proc/*:) held=${line#/proc/} ;;
              esac
              case $line in
                *' -> '@builds|*' -> '@builds/*|*' -> '@cache|*' -> '@cache/*) ;;
                *) continue ;;
              esac
              case $line in
                *' /proc/'*) pid=${line#* /proc/} ;;
                *) pid=$held ;;
              esac
              echo "${pid%%/*}"
            done
            grep -lF -e ' '@builds/ -e ' '@cache/ /proc/[0-9]*/maps 2>/dev/null | while IFS=/ read -r none proc pid rest; do echo "$pid"; done
          }
          for attempt in 1 2 3 4 5 6 7 8; do
            said=$( { umount @cache; umount @builds; umount @top; } 2>&1 | tr '\n' ' ')
            is_mounted || { tell unmounted; exit; }
            for pid in $(users); do
              case $pid in 1|$$|''|*[!0-9]*) ;; *) kill -9 "$pid" 2>/dev/null ;; esac
            done
            sleep 0.2 2>/dev/null || sleep 1
          done
          tell busy "$said"
          exit
        }
        disk </dev/null

        """;

    /// <summary>The command whose stdin gets <see cref="Mount"/>: a root shell, or a plain one where the guest mounts the disk itself.</summary>
    public static string Shell(GuestUser user) =>
        user.Value == "root" ? IdentityScript.RootShell(user) : $"exec sh -c 'if test -x {Hook}; then exec sh; fi; {IdentityScript.RootShell(user)}'";

    /// <summary>Mounts the disk, and its two directories where checkouts and caches lie. Where the guest has <see cref="Hook"/>, it waits until that has mounted it.</summary>
    /// <param name="use">The places.</param>
    /// <param name="user">Who the directories belong to when they are made.</param>
    public static string Mount(ProjectDiskUse use, GuestUser user) => Fill(MountText, use, user);

    /// <summary>Ends what uses the disk, and unmounts it.</summary>
    /// <inheritdoc cref="Mount" path="/param"/>
    public static string Unmount(ProjectDiskUse use, GuestUser user) => Fill(UnmountText, use, user);

    private static string Fill(string text, ProjectDiskUse use, GuestUser user)
    {
        var plain = text
            .Replace("@seconds", SecondsForDisk.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("@serial", DiskPlug.Serial, StringComparison.Ordinal)
            .Replace("@hook", Hook, StringComparison.Ordinal)
            .Replace("@by_guest", ByGuest, StringComparison.Ordinal)
            .Replace("@top", "/run/vm-executor/project-disk", StringComparison.Ordinal);

        // Places and user may have any characters: each is put in once, quoted, and is not looked through again.
        return Place().Replace(plain, match => ShellText.Quote(match.ValueSpan switch
        {
            "@builds" => use.BuildsDir,
            "@cache" => use.CacheDir,
            "@seen_builds" => Seen(use.BuildsDir),
            "@seen_cache" => Seen(use.CacheDir),
            _ => user.Value,
        }));
    }

    /// <summary>The path as /proc/self/mountinfo has it (proc(5); show_mountinfo escapes these).</summary>
    private static string Seen(string path) => path.Length > 1 ? Escaped().Replace(path.TrimEnd('/'), match => match.ValueSpan switch { " " => @"\040", "\t" => @"\011", "\n" => @"\012", _ => @"\134" }) : path;

    [GeneratedRegex(@"[ \t\n\\]", RegexOptions.CultureInvariant)]
    private static partial Regex Escaped();

    [GeneratedRegex("@(?:builds|cache|seen_builds|seen_cache|user)", RegexOptions.CultureInvariant)]
    private static partial Regex Place();
}
