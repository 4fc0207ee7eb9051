using System.Security.Cryptography;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;

namespace VmExecutor.Core.Tests.Guests.Preparation;

/// <summary>An identity that a clone is to get, and the clone's answer when it has got it.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new DateTimeOffset(2026, 11, 24, 23, 0, 0, TimeSpan.Zero).AddTicks(1_234_567);

    public static readonly (HostKey Template, HostKey Own) Keys = (HostKey.Parse("ssh-ed25519 VEVNUExBVEU="), HostKey.Parse("ssh-ed25519 T1dO"));

    public static FreshIdentity Identity => new()
    {
        Hostname = "vmx-1-2-0",
        MachineId = "0123456789abcdef0123456789abcdef",
        Seed = RandomNumberGenerator.GetBytes(64),
        LoginKey = Keys,
    };

    public static IdentityFacts Facts => new()
    {
        Clock = Now,
        ReseededBy = "perl",
        Hostname = Identity.Hostname,
        MachineId = Identity.MachineId,
        OwnKeyIn = ["/home/ci/.ssh/authorized_keys"],
    };

    public static ClockStep Step => new(Now, Now, Now + TimeSpan.FromMilliseconds(100));
}
