using System.Collections.Concurrent;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

/// <summary>
/// Decides how soon a new TCP connection to a guest's ssh server may follow the last one. A firewall in the guest may count them: <c>ufw
/// limit ssh</c> refuses a client that makes six within 30 s. Each refused one counts too, so a client that goes on at the same
/// pace is shut out for ever. A server that has just answered may be asked at once. Otherwise there are two seconds between connections.
/// After a while, when a firewall may be the reason, fewer than six are made in 30 s.
/// </summary>
internal sealed class ConnectPace(TimeProvider clock)
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BelowLimit = TimeSpan.FromSeconds(7);

    // A guest that boots refuses connections for a while. One that has answered has its firewall up.
    private const int UsualTriesBeforeAnswer = 15;
    private const int UsualTriesAfterAnswer = 4;
    private readonly ConcurrentDictionary<GuestAddress, Course> _courses = new();

    /// <summary>The time to wait before the next connection.</summary>
    public TimeSpan Left(GuestAddress address)
    {
        var course = Of(address);
        if (course.Tries == 0)
        {
            return TimeSpan.Zero;
        }

        var gap = course.Tries > (course.HasAnswered ? UsualTriesAfterAnswer : UsualTriesBeforeAnswer) ? BelowLimit : Usual;
        var left = gap - clock.GetElapsedTime(course.Last);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>A connection is made now.</summary>
    public void Started(GuestAddress address)
    {
        var course = Of(address);
        course.Last = clock.GetTimestamp();
        course.Tries++;
    }

    /// <summary>The server has spoken, and is not held to have refused anything.</summary>
    public void Answered(GuestAddress address)
    {
        var course = Of(address);
        course.HasAnswered = true;
        course.Tries = 0;
    }

    /// <summary>The last connection was refused, or it gave no answer.</summary>
    public void Refused(GuestAddress address)
    {
        var course = Of(address);
        course.WasShutOut |= course.HasAnswered;
    }

    /// <summary>
    /// True when a server that had answered refused a later connection: a firewall in the guest seems to count connections.
    /// </summary>
    public bool SeemsLimited(GuestAddress address) => Of(address).WasShutOut;

    private Course Of(GuestAddress address) => _courses.GetOrAdd(address, _ => new Course());

    private sealed class Course
    {
        public long Last { get; set; }

        public int Tries { get; set; }

        public bool HasAnswered { get; set; }

        public bool WasShutOut { get; set; }
    }
}
