using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Stages;

/// <summary>A guest that runs commands, and the job's record so far.</summary>
internal sealed record StartedGuest(GuestAccess Access, JobRecord Record);
