using System.Security.Cryptography;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

internal static class RunTokens
{
    public static RunToken Next() => new(RandomNumberGenerator.GetBytes(16));
}
