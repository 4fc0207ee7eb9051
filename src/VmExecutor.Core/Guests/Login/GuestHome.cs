namespace VmExecutor.Core.Guests.Login;

/// <summary>Where an account's home is in a guest that cannot be asked yet: where useradd(8) puts it.</summary>
internal static class GuestHome
{
    public static string Of(GuestUser user) => user.Value == "root" ? "/root" : $"/home/{user}";
}
