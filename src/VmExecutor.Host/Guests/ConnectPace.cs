using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

/// <summary>
/// Decides how soon a new TCP connection to a guest's ssh server may follow the others. A firewall in the guest may count them: <c>ufw limit
/// ssh</c> refuses the sixth within 30 s, and each refused packet counts twice (<c>recent --set</c>, then <c>--update</c>). So a client that
/// goes on is shut out for ever, and one that is silent for longer than the firewall remembers is let in again.
/// <para>QEMU's user network accepts each connection on the host's side at once. To a guest that does not answer it repeats the first packet
/// after 6, 18, 30, 43, 55 and 68 s, also when the client has gone. It closes the connection after 77 s (libslirp 4.7, seen in its packets).
/// Six open connections that began two seconds apart therefore ask the guest every two seconds, and a single one every twelve. The first ones
/// begin one second apart, since small guests boot in two or three seconds where there is KVM.</para>
/// <para>Until the guest's network has answered, nothing in it counts, most likely. From then on there is one connection at a time. When it stays
/// without an answer, there is none for <see cref="FirstSilence"/> after its last packet, then for twice that.</para>
/// </summary>
internal sealed class ConnectPace(TimeProvider clock)
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(2);

    /// <summary>The pace of the first connections.</summary>
    private static readonly TimeSpan AtFirst = TimeSpan.FromSeconds(1);
    private const int FirstTries = 4;

    /// <summary>The pace of a guest whose network does not answer: it boots, or its host's network drops the packets.</summary>
    private static readonly TimeSpan Patient = TimeSpan.FromSeconds(7);

    /// <summary>
    /// Two refused packets, which count as four, are the most in 30 s. Every sixth wait is for firewalls that count for a minute; a refusal that
    /// QEMU's user network passes on is the guest's own, since it passes no ICMP message on.
    /// </summary>
    private static readonly TimeSpan BelowLimit = TimeSpan.FromSeconds(16);
    private static readonly TimeSpan BelowStrictLimit = TimeSpan.FromSeconds(65);
    private const int StrictTurn = 6;

    /// <summary>Longer than the 30 s for which <c>ufw limit</c> remembers.</summary>
    private static readonly TimeSpan FirstSilence = TimeSpan.FromSeconds(35);
    private const int MostDoublings = 2;

    /// <summary>The time from a connection's begin to the last packet that QEMU's user network repeats for it, on a busy host too.</summary>
    private static readonly TimeSpan Repeats = TimeSpan.FromSeconds(70);

    /// <summary>A refused packet keeps a connection waiting for its repetition, which a firewall of 30 s lets pass after that time.</summary>
    private static readonly TimeSpan ShutOut = TimeSpan.FromSeconds(25);

    private const int MostOpenAtBoot = 8;

    // A guest that boots refuses connections for a while. One that has answered has its firewall up.
    private const int UsualTriesBeforeAnswer = 15;
    private const int UsualTriesAfterAnswer = 4;
    private readonly Dictionary<GuestAddress, Course> _courses = [];
    private readonly Lock _lock = new();

    /// <summary>The time to wait before the next connection.</summary>
    public TimeSpan Left(GuestAddress address)
    {
        lock (_lock)
        {
            var course = Of(address);
            var left = course.SilentUntil is { } until ? clock.GetElapsedTime(clock.GetTimestamp(), until) : TimeSpan.Zero;
            if (left <= TimeSpan.Zero)
            {
                // Those that began before the guest's network answered most likely met none, and their next packets come late.
                var isFull = course.Contact is not null ? course.OpenSinceContact > 0 : course.Open >= (course.Silent == 0 ? MostOpenAtBoot : 1);
                left = isFull ? Usual : Gap(course, address.IsForwarded) - clock.GetElapsedTime(course.Last);
            }

            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>The end of the latest silence, as a timestamp of the clock; null: there was none.</summary>
    public long? SilentUntil(GuestAddress address)
    {
        lock (_lock)
        {
            return Of(address).SilentUntil;
        }
    }

    /// <summary>A connection is made now.</summary>
    public ConnectTry Start(GuestAddress address)
    {
        lock (_lock)
        {
            var course = Of(address);
            course.Last = clock.GetTimestamp();
            course.Tries++;
            course.Open++;
            course.OpenSinceContact += course.Contact is null ? 0 : 1;
            return new ConnectTry(address, course.Last);
        }
    }

    /// <summary>A connection has ended, or it is up.</summary>
    public void End(ConnectTry attempt, ConnectEnd end)
    {
        lock (_lock)
        {
            var course = Of(attempt.Address);
            course.Open--;
            course.OpenSinceContact -= attempt.Began >= course.Contact ? 1 : 0;
            End(course, attempt, end);
        }
    }

    /// <summary>
    /// True when a server or its network had answered and a later connection was refused or got no answer: a firewall in the guest seems
    /// to count connections.
    /// </summary>
    public bool SeemsLimited(GuestAddress address)
    {
        lock (_lock)
        {
            return Of(address).WasShutOut;
        }
    }

    private void End(Course course, ConnectTry attempt, ConnectEnd end)
    {
        switch (end)
        {
            case ConnectEnd.Greeted when course.Contact is { } contact && clock.GetElapsedTime(Math.Max(contact, attempt.Began)) >= ShutOut:
                // Let in at last, and close to the limit: the login is a connection more.
                course.WasShutOut = true;
                course.SilentUntil = After(clock.GetTimestamp(), FirstSilence);
                Answered(course);
                break;
            case ConnectEnd.Greeted or ConnectEnd.LoggedIn:
                Answered(course);
                break;
            case ConnectEnd.Closed:
                if (course.Contact is null)
                {
                    // The earlier ones met no network.
                    (course.Contact, course.Tries) = (clock.GetTimestamp(), 1);
                }

                course.WasShutOut |= course.HasAnswered;
                break;
            case ConnectEnd.Silent:
                course.Silent++;
                if (course.Contact is not null || course.Silent > MostOpenAtBoot)
                {
                    course.WasShutOut |= course.Contact is not null;
                    KeepSilent(course, attempt);
                }

                break;
        }
    }

    private void Answered(Course course)
    {
        course.Contact ??= clock.GetTimestamp();
        course.HasAnswered = true;
        course.Tries = 0;
        course.Silent = 0;
    }

    private void KeepSilent(Course course, ConnectTry attempt)
    {
        // Those that were open at the same time are one attempt. A guest that has never answered most likely boots.
        if (course.Contact is not null && (course.Silences == 0 || attempt.Began >= course.SilenceBegan))
        {
            course.Silences++;
            course.SilenceBegan = clock.GetTimestamp();
        }

        var length = FirstSilence * (1 << Math.Clamp(course.Silences - 1, 0, MostDoublings));
        var lastPacket = attempt.Address.IsForwarded ? After(attempt.Began, Repeats) : clock.GetTimestamp();
        course.SilentUntil = Math.Max(course.SilentUntil ?? 0, After(lastPacket, length));
    }

    private static TimeSpan Gap(Course course, bool isForwarded)
    {
        var slow = course.Tries - (course.HasAnswered ? UsualTriesAfterAnswer : UsualTriesBeforeAnswer);
        return course.Tries == 0 ? TimeSpan.Zero
            : course.Contact is null && course.Tries <= FirstTries ? AtFirst
            : slow <= 0 ? Usual
            : course.Contact is null ? Patient
            : slow % StrictTurn == 0 && !isForwarded ? BelowStrictLimit
            : BelowLimit;
    }

    private long After(long timestamp, TimeSpan span) => timestamp + (long)(span.TotalSeconds * clock.TimestampFrequency);

    private Course Of(GuestAddress address) => _courses.TryGetValue(address, out var course) ? course : _courses[address] = new Course();

    private sealed class Course
    {
        public long Last { get; set; }

        /// <summary>The number of connections since the last answer.</summary>
        public int Tries { get; set; }

        public int Open { get; set; }

        /// <summary>Those of them that began after <see cref="Contact"/>.</summary>
        public int OpenSinceContact { get; set; }

        /// <summary>The time at which the guest's network answered for the first time, be it by a refusal.</summary>
        public long? Contact { get; set; }

        public bool HasAnswered { get; set; }

        /// <summary>The number of connections without any answer, since the last answer.</summary>
        public int Silent { get; set; }

        public int Silences { get; set; }

        public long SilenceBegan { get; set; }

        public long? SilentUntil { get; set; }

        public bool WasShutOut { get; set; }
    }
}
