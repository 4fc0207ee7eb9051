namespace VmExecutor.Core.Failures;

/// <summary>
/// Every error code there is, once. The hundreds say where: 10 the job, 11 configuration, 12 image and clone,
/// 13 hypervisor, 14 guest and ssh, 15 the host's tools and files, 18 the walls around VMs, 19 ourselves and people at the keyboard.
/// </summary>
public static class ErrorCodes
{
    public static readonly ErrorCode JobResponseUnusable = new(1001);
    public static readonly ErrorCode RunnerEnvironmentMissing = new(1003);
    public static readonly ErrorCode RunnerGone = new(1004);
    public static readonly ErrorCode ImageUnknown = new(1010);
    public static readonly ErrorCode ImageNotNamed = new(1011);
    public static readonly ErrorCode ImageNotAllowed = new(1012);
    public static readonly ErrorCode SizeNotUnderstood = new(1013);
    public static readonly ErrorCode SizeOutOfRange = new(1014);
    public static readonly ErrorCode OverlayTooLarge = new(1015);

    public static readonly ErrorCode ConfigurationInvalid = new(1101);
    public static readonly ErrorCode ConfigurationMissing = new(1102);

    public static readonly ErrorCode BaseDiskUnusable = new(1201);
    public static readonly ErrorCode BaseDiskUnreadable = new(1202);
    public static readonly ErrorCode SourceNotShutOff = new(1203);
    public static readonly ErrorCode SourceMissing = new(1204);
    public static readonly ErrorCode SourceHasPassthrough = new(1205);
    public static readonly ErrorCode SourceUnsupported = new(1206);
    public static readonly ErrorCode ImageFileUnusable = new(1207);
    public static readonly ErrorCode BaseDiskChanged = new(1208);
    public static readonly ErrorCode ImageDownloadFailed = new(1209);
    public static readonly ErrorCode ImageChecksumWrong = new(1210);
    public static readonly ErrorCode ImageBuildFailed = new(1211);
    public static readonly ErrorCode ImageNotPublished = new(1212);
    public static readonly ErrorCode GenerationDamaged = new(1213);
    public static readonly ErrorCode GenerationUnknown = new(1214);
    public static readonly ErrorCode GenerationInUse = new(1215);
    public static readonly ErrorCode ProbeFailed = new(1216);
    public static readonly ErrorCode ImageIsBusy = new(1217);
    public static readonly ErrorCode SourceChangedMeanwhile = new(1218);
    public static readonly ErrorCode WarmNotEnabled = new(1219);
    public static readonly ErrorCode TemplateNotMade = new(1220);
    public static readonly ErrorCode TemplateImpossible = new(1221);
    public static readonly ErrorCode SourcePartsRefused = new(1222);
    public static readonly ErrorCode SourcePartUnknown = new(1223);
    public static readonly ErrorCode SourceHasQemuArguments = new(1224);
    public static readonly ErrorCode SourceVolumeUnusable = new(1226);
    public static readonly ErrorCode DefinitionUnreadable = new(1227);
    public static readonly ErrorCode RegistryFailed = new(1228);
    public static readonly ErrorCode OciImageUnusable = new(1229);

    public static readonly ErrorCode HypervisorUnreachable = new(1301);
    public static readonly ErrorCode HypervisorCallFailed = new(1302);
    public static readonly ErrorCode HypervisorCallTimedOut = new(1303);
    public static readonly ErrorCode HypervisorLibraryMissing = new(1304);
    public static readonly ErrorCode DomainStartFailed = new(1306);
    public static readonly ErrorCode DomainNotOurs = new(1307);
    public static readonly ErrorCode DomainWouldNotStop = new(1308);
    public static readonly ErrorCode TemplateRefused = new(1309);
    public static readonly ErrorCode TemplateNotLoaded = new(1310);
    public static readonly ErrorCode ArchitectureUnsupported = new(1311);
    public static readonly ErrorCode StandbyMissing = new(1312);

    public static readonly ErrorCode GuestDied = new(1401);
    public static readonly ErrorCode GuestBootTimedOut = new(1402);
    public static readonly ErrorCode GuestSshTimedOut = new(1403);
    public static readonly ErrorCode GuestSshRefused = new(1404);
    public static readonly ErrorCode GuestHostKeyChanged = new(1405);
    public static readonly ErrorCode GuestConnectionLost = new(1406);
    public static readonly ErrorCode GuestAddressUnknown = new(1407);
    public static readonly ErrorCode GuestCannotRunScripts = new(1408);
    public static readonly ErrorCode GuestNotPrepared = new(1409);
    public static readonly ErrorCode GuestIsAnother = new(1410);
    public static readonly ErrorCode GuestRebooted = new(1411);
    public static readonly ErrorCode PrepareHookFailed = new(1412);
    public static readonly ErrorCode ToolNotDelivered = new(1413);
    public static readonly ErrorCode GuestIdentityStale = new(1414);
    public static readonly ErrorCode WarmUpFailed = new(1415);
    public static readonly ErrorCode GuestUnproven = new(1416);
    public static readonly ErrorCode GuestAnswerTooLong = new(1417);
    public static readonly ErrorCode GuestPlaceUnusable = new(1419);
    public static readonly ErrorCode CloudInitNotDone = new(1420);
    public static readonly ErrorCode GuestSessionRefused = new(1425);
    public static readonly ErrorCode GuestAccountUnusable = new(1426);
    public static readonly ErrorCode ServiceRefused = new(1430);
    public static readonly ErrorCode ServiceEngineUnusable = new(1431);
    public static readonly ErrorCode ServiceNotPulled = new(1432);
    public static readonly ErrorCode ServiceNotStarted = new(1433);
    public static readonly ErrorCode ServicesTimedOut = new(1434);
    public static readonly ErrorCode ServiceUnknown = new(1435);
    public static readonly ErrorCode ServiceVmNotJoined = new(1436);

    public static readonly ErrorCode ToolFailed = new(1501);
    public static readonly ErrorCode ToolMissing = new(1502);
    public static readonly ErrorCode HostFileFailed = new(1503);
    public static readonly ErrorCode CleanupIncomplete = new(1504);
    public static readonly ErrorCode ProcessWouldNotEnd = new(1505);
    public static readonly ErrorCode JobIsBusy = new(1506);
    public static readonly ErrorCode CapacityExhausted = new(1510);
    public static readonly ErrorCode CapacityNeverEnough = new(1511);
    public static readonly ErrorCode DiskWatermarkPassed = new(1512);
    public static readonly ErrorCode HostDrained = new(1513);
    public static readonly ErrorCode MemoryWatermarkPassed = new(1514);

    public static readonly ErrorCode VmUserImpossible = new(1801);
    public static readonly ErrorCode GuestWallMissing = new(1802);
    public static readonly ErrorCode EgressNotAllowed = new(1803);
    public static readonly ErrorCode EgressImpossible = new(1804);
    public static readonly ErrorCode EgressNotUnderstood = new(1805);
    public static readonly ErrorCode EgressForwardRefused = new(1806);

    public static readonly ErrorCode UsageWrong = new(1901);
    public static readonly ErrorCode CheckFailed = new(1903);
    public static readonly ErrorCode DomainNameTaken = new(1910);
    public static readonly ErrorCode LinkPlaceUnusable = new(1911);
    public static readonly ErrorCode LinkSourceHasSavedState = new(1912);
    public static readonly ErrorCode LinkNotLocal = new(1913);
    public static readonly ErrorCode LinkNotStarted = new(1914);
    public static readonly ErrorCode LinkStillStandsOnBase = new(1915);
    public static readonly ErrorCode JobUnknown = new(1920);
    public static readonly ErrorCode JobAmbiguous = new(1921);
    public static readonly ErrorCode JobNotRunning = new(1922);
    public static readonly ErrorCode JobStoppedByHand = new(1923);
    public static readonly ErrorCode ProjectDiskUnknown = new(1924);
    public static readonly ErrorCode GitlabCiInvalid = new(1940);
    public static readonly ErrorCode GitlabCiUnreadable = new(1941);
    public static readonly ErrorCode GitlabCiJobUnknown = new(1942);
    public static readonly ErrorCode ArtifactsNotKept = new(1943);
    public static readonly ErrorCode GitlabCiJobAmbiguous = new(1944);
    public static readonly ErrorCode KeptScriptsUnknown = new(1950);
    public static readonly ErrorCode KeptScriptsUnusable = new(1951);
    public static readonly ErrorCode RunnerConfigUnusable = new(1960);
    public static readonly ErrorCode RunnerNotChosen = new(1961);
    public static readonly ErrorCode RunnerHasOtherStages = new(1962);
    public static readonly ErrorCode Bug = new(1999);
}
