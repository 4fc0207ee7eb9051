using System.Globalization;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>
/// Kills a driver's process just before one of its changes below <c>state_dir</c>, or one of its messages to libvirt: a library that is loaded before the
/// C library counts both.
/// </summary>
internal sealed class ChangeKiller
{
    private const string Source =
        """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <fnmatch.h>
        #include <signal.h>
        #include <stdarg.h>
        #include <stdatomic.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/un.h>
        #include <unistd.h>

        static atomic_int changes;
        static int at = -1, into = -1, group;
        static char below[4096], kind[4352];
        static const char *from;
        static atomic_bool counts;

        /* Only the process that is meant, and none that it starts. */
        __attribute__((constructor)) static void begin(void) {
            char name[64] = "", arguments[4096] = "";
            int file = syscall(SYS_open, "/proc/self/comm", O_RDONLY);
            syscall(SYS_read, file, name, sizeof name - 1);
            syscall(SYS_close, file);
            file = syscall(SYS_open, "/proc/self/cmdline", O_RDONLY);
            long length = syscall(SYS_read, file, arguments, sizeof arguments - 1);
            syscall(SYS_close, file);
            const char *word = getenv("VMX_KILL_WORD"), *number = getenv("VMX_KILL_AT"), *directory = getenv("VMX_KILL_BELOW"), *log = getenv("VMX_KILL_LOG");
            from = getenv("VMX_KILL_FROM");
            counts = !from;
            if (strcmp(name, "vm-executor\n") != 0 || !word || !number || !directory || !log) return;
            for (char *one = arguments; one < arguments + length; one += strlen(one) + 1)
                if (strcmp(one, word) == 0) at = atoi(number);
            snprintf(below, sizeof below, "%s/", directory);
            group = getenv("VMX_KILL_GROUP") != 0;
            if (getenv("VMX_KILL_KIND")) snprintf(kind, sizeof kind, "%s", getenv("VMX_KILL_KIND"));
            into = syscall(SYS_open, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
            unsetenv("LD_PRELOAD");
        }

        static void change(const char *what, const char *path) {
            char line[4352];
            if (at < 0) return;
            if (!counts && strstr(path, from)) counts = 1;
            if (!counts) return;
            int length = snprintf(line, sizeof line, "%s %s\n", what, path);
            syscall(SYS_write, into, line, length);
            line[length - 1] = 0;
            if (atomic_fetch_add(&changes, 1) == at || (kind[0] && fnmatch(kind, line, 0) == 0)) {
                syscall(SYS_kill, group ? 0 : getpid(), SIGKILL);
                pause();
            }
        }

        static void touch(const char *what, const char *path) {
            if (at >= 0 && strncmp(path, below, strlen(below)) == 0 && !strstr(path, "/locks") && !strstr(path, "/log/")) change(what, path);
        }

        #define REAL(result, name, parameters) static result (*real)parameters; if (!real) real = (result (*)parameters)dlsym(RTLD_NEXT, #name)
        #define ONE(name, parameters, path, arguments) int name parameters { REAL(int, name, parameters); touch(#name, path); return real arguments; }
        ONE(rename, (const char *from, const char *to), to, (from, to))
        ONE(link, (const char *from, const char *to), to, (from, to))
        ONE(symlink, (const char *target, const char *path), path, (target, path))
        ONE(unlink, (const char *path), path, (path))
        ONE(rmdir, (const char *path), path, (path))
        ONE(mkdir, (const char *path, mode_t mode), path, (path, mode))
        ONE(chmod, (const char *path, mode_t mode), path, (path, mode))

        static void opened(const char *path, int flags) {
            if (flags & (O_CREAT | O_TRUNC)) touch("open", path);
        }
        int open(const char *path, int flags, ...) {
            va_list more; va_start(more, flags); mode_t mode = va_arg(more, mode_t); va_end(more);
            opened(path, flags);
            return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
        }
        int open64(const char *path, int flags, ...) {
            va_list more; va_start(more, flags); mode_t mode = va_arg(more, mode_t); va_end(more);
            opened(path, flags);
            return syscall(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE, mode);
        }

        ssize_t write(int file, const void *data, size_t length) {
            struct sockaddr_un peer = { 0 };
            socklen_t size = sizeof peer - 1;
            if (at >= 0 && getpeername(file, (struct sockaddr *)&peer, &size) == 0 && peer.sun_family == AF_UNIX && strstr(peer.sun_path, "libvirt")) change("message", peer.sun_path);
            REAL(ssize_t, write, (int, const void *, size_t));
            return real(file, data, length);
        }
        """;

    private readonly string _library;
    private readonly string _log;
    private readonly string _stateDirectory;

    private ChangeKiller(string directory, string stateDirectory)
    {
        _library = Path.Combine(directory, "kill-at-change.so");
        _log = Path.Combine(directory, "changes");
        _stateDirectory = stateDirectory;
    }

    /// <summary>Builds the library.</summary>
    /// <param name="directory">For the library and what it notes.</param>
    /// <param name="stateDirectory">The changes below it count.</param>
    public static async Task<ChangeKiller> MakeAsync(string directory, string stateDirectory)
    {
        var killer = new ChangeKiller(directory, stateDirectory);
        var source = Path.Combine(directory, "kill-at-change.c");
        await File.WriteAllTextAsync(source, Source);
        await HostCommand.OutputAsync("gcc", "-O1", "-Wall", "-shared", "-fPIC", "-o", killer._library, source, "-ldl");
        return killer;
    }

    /// <summary>The variables that have a command killed just before the change of that number; a large number only counts.</summary>
    /// <param name="word">An argument that only that command has.</param>
    /// <param name="at">From 0.</param>
    /// <param name="from">The first change that counts is one of a path that has this in it; null: all count. Polls before it, as many as a boot takes, make no difference then.</param>
    public IReadOnlyDictionary<string, string> Variables(string word, int at, string? from = null)
    {
        File.Delete(_log);
        return new Dictionary<string, string>(from is null ? [] : [new("VMX_KILL_FROM", from)])
        {
            ["LD_PRELOAD"] = _library,
            ["VMX_KILL_WORD"] = word,
            ["VMX_KILL_AT"] = at.ToString(CultureInfo.InvariantCulture),
            ["VMX_KILL_BELOW"] = _stateDirectory,
            ["VMX_KILL_LOG"] = _log,
        };
    }

    /// <summary>The variables that have a command's process group killed just before the command's first change of a kind. The command must lead the group (<see cref="Benches.Bench.StartGroup"/>).</summary>
    /// <param name="word">An argument that only that command has.</param>
    /// <param name="kind">A pattern for a line of <see cref="Changes"/>, as a shell's for files (fnmatch(3)).</param>
    public IReadOnlyDictionary<string, string> GroupVariables(string word, string kind) =>
        new Dictionary<string, string>(Variables(word, int.MaxValue)) { ["VMX_KILL_KIND"] = kind, ["VMX_KILL_GROUP"] = "1" };

    /// <summary>The changes of the last command, the one that it was killed at included.</summary>
    public IReadOnlyList<string> Changes() => File.Exists(_log) ? File.ReadAllLines(_log) : [];
}
