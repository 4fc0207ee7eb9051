using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Guests;

/// <summary>Judges a guest's answer to <see cref="GuestChecks"/>: the guest is ready, with remarks, or it is a failure.</summary>
public static class Readiness
{
    /// <param name="access">The guest that was asked.</param>
    /// <param name="output">Its output.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.GuestCannotRunScripts"/>, <see cref="ErrorCodes.GuestPlaceUnusable"/>.</exception>
    public static GuestLook Judge(GuestAccess access, string output)
    {
        if (GuestChecks.FindTemporaryFault(output, access.User) is var (what, fix))
        {
            throw new SystemFailureException(ErrorCodes.GuestCannotRunScripts, $"the guest {access} cannot run scripts, because of {what}", fix);
        }

        var faults = GuestChecks.FindFaults(output, access.Places);
        if (faults.FirstOrDefault(found => found.Place.Key == GuestPlace.BuildsKey) is ({ } place, var fault))
        {
            throw new SystemFailureException(
                ErrorCodes.GuestPlaceUnusable,
                $"the guest {access} cannot use {place.Path}, {place.Use} ('{place.Key}'): {fault.Reason(access.User)}",
                fault.Fix(place.Path, access.User, place.Key));
        }

        return new GuestLook
        {
            CloudInit = CloudInit.Parse(output),
            CloudInitErrors = CloudInit.ParseErrors(output),
            Remarks = [.. faults.Select(found => Remark(access, found.Place, found.Fault))],
        };
    }

    /// <summary>GitLab fails no job for a cache that cannot be kept, and most jobs have none.</summary>
    private static string Remark(GuestAccess access, GuestPlace place, PlaceFault fault) =>
        $"the guest cannot use {place.Path}, {place.Use} ('{place.Key}'), so no job can keep a cache: {fault.Reason(access.User)}. {fault.Fix(place.Path, access.User, place.Key)}";
}
