namespace VmExecutor.Core.Guests.Login;

/// <summary>Guesses an account's home in a guest that cannot be asked yet, by the rule of useradd(8).</summary>
internal static class GuestHome
{
    public static string Of(GuestUser user) => user.Value == "root" ? "/root" : $"/home/{user}";
}
