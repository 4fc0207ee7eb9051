using System.Globalization;

namespace VmExecutor.Core.Guests.Preparation;

/// <summary>
/// The shell text that gives a woken guest its identity, for a root shell's stdin. It is one function, so that a text that was cut short does
/// nothing, and it tells what it found afterwards, not what it meant to do.
/// <list type="bullet">
/// <item>It asks for the host name and the seed when all that it needs has been started (<see cref="IdentityFacts.Waits"/>). A guest that is halted at this
/// point has nothing to start any more when it goes on.</item>
/// <item>An emulated CPU needs 20 to 100 ms for each process, so all but clock and random generator is done by the shell itself, and
/// these by one process. There is no tool for the ioctl: perl does it with what is built in (Debian's perl-base is enough), or else python3.</item>
/// <item>That process sets the clock as well, by a system call; it took two more processes with <c>date</c>. Perl needs the call's number, which
/// depends on the machine; perl's own ELF header tells it.</item>
/// <item>It asks for the time and is told it, line by line over the same connection: what starting shells and interpreters takes, seconds on a busy
/// host, is no part of the error then. It asks again for as long as it is told times.</item>
/// <item>RNDRESEEDCRNG (random(4), Linux 4.17) is what counts: bytes that are only written reach the generator's output up to a minute later.</item>
/// </list>
/// Linux only.
/// </summary>
public static class IdentityScript
{
    // The left side of a pipe: the guest's answers go by descriptor 4.
    private const string Names =
        """
            set -f
            echo "$name" >/proc/sys/kernel/hostname
            [ ! -w /etc/hostname ] || echo "$name" >/etc/hostname
            is_in_hosts() {
              while read -r address names || [ -n "$address" ]; do
                for one in $names; do
                  [ "$one" != "$name" ] || return 0
                done
              done </etc/hosts
              return 1
            }
            [ ! -w /etc/hosts ] || is_in_hosts || printf '\n127.0.1.1 %s\n' "$name" >>/etc/hosts
            read -r now </proc/sys/kernel/hostname
            echo "vmx-identity:hostname $now" >&4

        """;

    // On a read-only root systemd has put a machine-id of this boot over the file, read-only too. This one goes over it in the same way.
    private const string Machine =
        """
          for file in /etc/machine-id /var/lib/dbus/machine-id; do
            [ ! -f "$file" ] || { echo @id >"$file"; } 2>/dev/null || { echo @id >/run/vmx-machine-id && mount -o bind /run/vmx-machine-id "$file"; }
          done
          if [ -f /etc/machine-id ]; then
            now=
            read -r now </etc/machine-id
            echo "vmx-identity:machine-id $now"
          fi

        """;

    // Written in place: owner, mode and options of the line stay as they are.
    private const string Keys =
        """
          template=@template
          own=@own
          exchange() {
            text= found=
            while IFS= read -r line || [ -n "$line" ]; do
              case $line in *"$template"*) found=1 line="${line%%"$template"*}$own${line#*"$template"}" ;; esac
              text="$text$line
        "
            done <"$1"
            [ -z "$found" ] || printf %s "$text" >"$1"
          }
          look() {
            while IFS= read -r line || [ -n "$line" ]; do
              case $line in *"${template#* }"*) echo "vmx-identity:template-key $1" ;; esac
              case $line in *"$own"*) echo "vmx-identity:own-key $1" ;; esac
            done <"$1"
          }
          for home in ~root ~@user; do
            file=$home/.ssh/authorized_keys
            if [ -f "$file" ]; then
              exchange "$file"
              look "$file"
            fi
          done

        """;

    private const string Program =
        """
        identity() {
          export LC_ALL=C
        @machine@keys@proof  exec 4>&1
          {
            IFS= read -r name && IFS= read -r seed || exit
        @names    echo "$seed"
            while IFS= read -r told && echo "$told"; do
              case $told in *' '*) ;; *) break ;; esac
            done
          } | {
            perl /proc/self/fd/3 3<<'END' || python3 -IS /proc/self/fd/3 3<<'OTHER' || echo vmx-identity:waits
        $| = 1;
        open my $self, "<", "/proc/self/exe" or die "/proc/self/exe: $!\n";
        read $self, my $head, 20;
        my $machine = unpack "x18 v", $head;
        my ($set, $get) = $machine == 62 ? (227, 228) : $machine == 183 || $machine == 243 ? (112, 113) : die "perl: ELF machine $machine is not known\n";
        my $opened = open RANDOM, "+<", "/dev/urandom";
        print "vmx-identity:waits\n";
        my $seed = <STDIN>;
        exit 0 unless defined $seed;
        chomp $seed;
        if ($opened && syswrite(RANDOM, pack "H*", $seed) && ioctl(RANDOM, 0x5207, 0)) {
          print "vmx-identity:reseeded perl\n";
        } else {
          print STDERR "random generator: $!\n";
        }
        print "vmx-identity:what-time\n";
        while (defined(my $told = <STDIN>)) {
          my ($seconds, $nanoseconds) = split " ", $told;
          last unless defined $nanoseconds;
          my $time = pack "qq", $seconds, $nanoseconds;
          unless (syscall($set, 0, $time) == 0 && syscall($get, 0, $time) == 0) {
            print STDERR "clock: $!\n";
            last;
          }
          printf "vmx-identity:clock %d.%09d\n", unpack "qq", $time;
        }
        END
        import fcntl, os, sys, time
        print("vmx-identity:waits", flush=True)
        seed = bytes.fromhex(sys.stdin.readline())
        try:
          random = os.open("/dev/urandom", os.O_RDWR)
          os.write(random, seed)
          fcntl.ioctl(random, 0x5207, 0)
          print("vmx-identity:reseeded python3", flush=True)
        except OSError as e:
          print("random generator:", e, file=sys.stderr)
        print("vmx-identity:what-time", flush=True)
        for told in iter(sys.stdin.readline, ""):
          told = told.split()
          if len(told) != 2:
            break
          try:
            time.clock_settime_ns(time.CLOCK_REALTIME, int(told[0]) * 10**9 + int(told[1]))
          except OSError as e:
            print("clock:", e, file=sys.stderr)
            break
          print("vmx-identity:clock %d.%09d" % divmod(time.clock_gettime_ns(time.CLOCK_REALTIME), 10**9), flush=True)
        OTHER
          }
          echo vmx-identity:done
          exit
        }
        identity

        """;

    /// <summary>The command that the connection starts, to get the text by stdin: a shell of root.</summary>
    public static string RootShell(GuestUser user) => user.Value == "root" ? "exec sh" : "exec sudo -n sh";

    /// <summary>A time, as the text's answer to <see cref="IdentityFacts.AsksForTime"/> and to each clock that it tells.</summary>
    public static string Time(DateTimeOffset told) =>
        string.Create(CultureInfo.InvariantCulture, $"{told.ToUnixTimeSeconds()} {told.Ticks % TimeSpan.TicksPerSecond * 100}\n");

    /// <summary>Host name and seed, as the answer to <see cref="IdentityFacts.Waits"/>.</summary>
    public static string Own(FreshIdentity wanted) => wanted.Hostname.AsSpan().ContainsAny('\n', '\0')
        ? throw new ArgumentException($"a host name has one line, and this is none: '{wanted.Hostname}'", nameof(wanted))
        : $"{wanted.Hostname}\n{Convert.ToHexStringLower(wanted.Seed.Span)}\n";

    /// <summary>Ends the sequence of times.</summary>
    public const string Enough = "enough\n";

    /// <summary>The text.</summary>
    /// <param name="wanted">The identity that the guest gets. Host name and seed are not in the text: <see cref="Own"/> tells them.</param>
    /// <param name="user">The account jobs run under.</param>
    public static string For(FreshIdentity wanted, GuestUser user) =>
        Program.Replace("@names", Names, StringComparison.Ordinal)
            .Replace("@machine", wanted.MachineId is { } id ? Machine.Replace("@id", ShellText.Quote(id), StringComparison.Ordinal) : "", StringComparison.Ordinal)
            .Replace(
                "@keys",
                wanted.LoginKey is { } key
                    ? Keys.Replace("@template", ShellText.Quote(key.Template.ToString()), StringComparison.Ordinal)
                        .Replace("@own", ShellText.Quote(key.Own.ToString()), StringComparison.Ordinal)
                        .Replace("@user", user.Value, StringComparison.Ordinal)
                    : "",
                StringComparison.Ordinal)
            .Replace("@proof", wanted.Proof is { } proof ? $"  umask 022\n{GuestProofText.Place(proof, $"~{user}")}" : "", StringComparison.Ordinal);
}
