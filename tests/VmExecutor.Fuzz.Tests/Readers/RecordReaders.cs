using System.Text;
using System.Text.Json;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Images.Registries;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Observing;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Services;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Usage;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Fuzz.Tests.Engine;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Reports;
using VmExecutor.Starting;

namespace VmExecutor.Fuzz.Tests.Readers;

/// <summary>The readers of the driver's own records, which a full disk, a power failure or a person may have damaged.</summary>
internal static class RecordReaders
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnVvDTBeyXyXEOiFf6sEv0fs3+3mWtp0gWbAkMeM29V";
    private static readonly JobKey Job = new("https://gitlab.example.com", "abc", 1);
    private static readonly AbsolutePath State = new("/nonexistent/state");
    private static readonly JobPaths Paths = JobPaths.For(State, Job);
    private static readonly HostMoment Here = TestPlan.Made with { SinceBoot = TimeSpan.FromHours(31) };

    private static readonly HostFacts Facts = new()
    {
        Now = TestPlan.Now,
        Driver = "0.1.0",
        Vms = null,
        OverlayBytes = 0,
        Images = [],
        Host = new HostResources(0, 0, 0, 0),
        Limits = new(),
    };

    private static readonly TemplateRecord TemplateRecord = new()
    {
        Shape = new TemplateShape { Qemu = "7.2.22", Libvirt = "9.0.0", Accelerator = "tcg", Cpu = "qemu64", Machine = "pc-q35-7.2", Cpus = 2, MemoryBytes = 1L << 30, DiskBytes = 1L << 33, Devices = "d" },
        Made = TestPlan.Now,
        Driver = "vm-executor 0.1.0",
        Files = [new GenerationFile("vda", "vda.qcow2", "qcow2", 1, 1, "00", 5, 6), new GenerationFile("ram", "ram.img", null, 1, 1, null, 5, 6)],
        HostKeys = [Key],
        LoginShell = "bash",
        LoginKey = Key,
        CardXml = "<interface type='network'/>",
    };

    public static Template Template { get; } = new(new AbsolutePath("/t"), TemplateRecord);

    private static readonly string Manifest =
        $$"""{"schemaVersion":2,"config":{"mediaType":"x","digest":"sha256:{{new string('a', 64)}}","size":2},"layers":[{"mediaType":"y","digest":"sha256:{{new string('b', 64)}}","size":3}]}""";

    private static readonly string Index =
        $$"""{"schemaVersion":2,"manifests":[{"digest":"sha256:{{new string('c', 64)}}","size":4,"platform":{"architecture":"amd64","os":"linux"} }]}""";

    public static IReadOnlyList<Reader> All { get; } =
    [
        Record("job.json", JobRecord().ToJson(), ReadJob, "Core/Jobs/JobRecord.cs", "Core/Egress/EgressCard.cs", "Core/Egress/EgressCardRules.cs", "Host/Clones/JobDirectory.cs", "VmExecutor/Starting/GuestOfJob.cs"),
        Record("scripts.jsonl", new ScriptRecord("build_script", 3.5, 7, "VMX1406").ToLine(), text => _ = ScriptRecord.TryParse(text)?.ToLine(), "Core/Jobs/ScriptRecord.cs"),
        Record("ledger.jsonl", Entry().ToLine(), ReadLedger, "Core/Observing/LedgerEntry.cs"),
        Record("metrics.json", Totals(), ReadTotals, "Core/Observing/MetricTotals.cs", "Core/Observing/Exposition.cs"),
        Record("learned.json", Learned(), ReadLearned, "Core/Usage/LearnedNeeds.cs"),
        Record(
            "egress.json",
            new EgressNotes { Policy = "base", Allowed = new() { ["git.example.test"] = 2 }, Refused = new() { ["evil.test"] = 1, ["192.0.2.9:81"] = 3 } }.ToJson(),
            text => _ = EgressNotes.TryParse(text) is { } notes ? notes.And(notes).News(EgressNotes.None(new EgressPolicy("base", false, []))).Count : 0,
            "Core/Egress/EgressNotes.cs"),
        Record(
            "egress progress",
            new EgressProgress { Log = 7, Offset = 4711, Names = { ["192.0.2.2"] = "git.example.test" }, Questions = { ["3"] = "evil.test" }, Packets = { ["192.0.2.9 :81"] = 3 } }.ToJson(),
            text => _ = EgressProgress.TryParse(text) is { } progress ? EgressReading.Read(new EgressPolicy("base", false, []), "", "", progress).Allowed.Count : 0,
            "Core/Egress/EgressProgress.cs"),
        Record(
            "disk.json",
            ProjectDiskState.Begin(new ProjectDiskPlan(new ProjectDiskOwner("https://gitlab.test", 42, "group/project", "base", Core.Configuration.ProjectDiskScope.JobName, "build"), new ByteSize(1 << 30), null) { BuildsDir = "/b", CacheDir = "/c" }, "0123abcd", 7, TestPlan.Now).ToJson(),
            ReadDisk,
            "Core/ProjectDisks/ProjectDiskState.cs"),
        Record("kept.json", KeptJob().ToJson(), ReadKept, "Core/Keeping/KeptJob.cs"),
        Record("drained.json", new DrainRecord(TestPlan.Now, "root", "new kernel").ToJson(), text => _ = DrainRecord.Parse(text).Words, "Core/Capacity/DrainRecord.cs"),
        Record("failed.json", new PublishFailure(TestPlan.Now, "VMX1216", $"sha256:{new string('a', 64)}").ToJson(), text => _ = PublishFailure.TryParse(text)?.Code, "Core/Images/PublishFailure.cs"),
        Record("standby.json", new StandbyReport(TestPlan.Now, [new StandbyLine("base", 0, "2 CPUs, 1GiB memory", 3, 1, "x", 4.5)]).ToJson(), ReadStandby, "Core/Standby/StandbyReport.cs"),
        Record("template.json", TemplateRecord.ToJson(), ReadTemplate, ErrorCodes.TemplateNotLoaded, "Core/Templates/TemplateRecord.cs"),
        Record("image.json", Generation().ToJson(), ReadGeneration, "Core/Images/GenerationRecord.cs"),
        Record("artifact.json", Artifact().ToJson(), ReadArtifact, "Core/Images/Registries/GenerationArtifact.cs"),
        Reader.OfText("oci-manifest", "whoever may write to a registry", Grammar.Json, [Manifest, Index, "{\"architecture\":\"amd64\",\"os\":\"linux\"}"], ReadManifest, "Core/Images/Registries/OciManifest.cs") with
        {
            Words = ["\"manifests\":[", "\"layers\":[", "\"config\":", "\"platform\":{}", "sha256:", "\"size\":-1"],
        },
        Reader.OfText("qcow2-head", "whoever may write to a registry", Grammar.Lines, ["QFI\u00fb\0\0\0\u0003" + new string('\0', 96)], ReadQcow2Head, "Core/Images/Registries/Qcow2Head.cs"),
        Record("accelerator.json", JsonSerializer.Serialize(new AcceleratorProbe.Remembered("q", new AcceleratorAnswer(Core.Configuration.Accelerator.Tcg, "x")) { Asked = TestPlan.Now }, AcceleratorContext.Default.Remembered), ReadAccelerator, "Host/Hypervisor/AcceleratorProbe.cs"),
    ];

    /// <summary>A stamp as gc, list and the rest use it.</summary>
    public static void Use(OwnershipStamp stamp, bool kept)
    {
        foreach (var (now, clock) in new[] { (Here, TestPlan.Now), (Here with { Boot = "another" }, TestPlan.Now), (stamp.Made, stamp.Expires) })
        {
            foreach (var runs in new[] { true, false })
            {
                _ = new Judgement(now, clock, runs, TemporaryDirectoryExists: false, StateMayBeShared: runs).Of(stamp, kept);
            }
        }

        var found = new LeftoverJudge(State, TimeProvider.System, () => stamp.Made).Judge(Found(stamp, null), nameTaken: false, half: false);
        Show(found, stamp.Made);
        Show(found, Here with { Boot = stamp.Made.Boot });
    }

    private static FoundJob Found(OwnershipStamp? stamp, JobRecord? record) => new()
    {
        Key = Job,
        Stamp = stamp,
        Record = record,
        HasDirectory = false,
        HasDomain = false,
        LibvirtUri = record?.LibvirtUri ?? "fake:///",
        Processes = [],
    };

    private static void Show(FoundJob found, HostMoment now)
    {
        var list = new JobList([JobLister.Describe(found, now)], []);
        using var text = new StringWriter();
        JobListTable.Print(list, text, text);
        _ = JobListJson.Write(list);
    }

    private static Reader Record(string name, string seed, Action<string> read, ErrorCode refuses, params string[] files) => Record(name, seed, read, files) with { Refuses = [refuses] };

    private static Reader Record(string name, string seed, Action<string> read, params string[] files) =>
        Reader.OfText(name, "a damaged disk, or a person", Grammar.Json, [seed], read, files) with
        {
            IsRecord = true,
            Words = ["null", "\"\\ud800\"", "[null]", "{}", "[]", "1e400", "\"since_boot\"", "\"-10675199.02:48:05.4775808\"", "\"0001-01-01T00:00:00+00:00\"", "\"9999-12-31T23:59:59+00:00\""],
        };

    private static void ReadDisk(string text)
    {
        if (ProjectDiskState.TryParse(text) is { } state)
        {
            _ = (state.ToJson(), state.Owner is { } owner ? ProjectDiskKey.Of(owner).Value + owner.PartText : "", state.Version.Text, VersionChoice.Unused(state.Version.Files, state, []).Count);
            _ = state.Version.Number < int.MaxValue ? VersionChoice.Next(state, TestPlan.Now, "job", null, 0).Files.Count : 0;
        }
    }

    private static void ReadJob(string text)
    {
        if (Core.Jobs.JobRecord.TryParse(text) is not { } record)
        {
            return;
        }

        _ = (record.Services?.NewLogs(), record.Services?.Names is [[var name, ..], ..] ? record.Services.Enter(new GuestUser("ci"), name, [], terminal: true) : null, record.Egress is { Card: null or { IsWhole: true } } egress ? EgressTable.Script(new EgressPlace(new VmUser("vm-executor-g0", 967, 967, 900), egress.Card), egress.ToPolicy(), TimeSpan.FromMinutes(15)) : null);
        _ = (ProjectDiskNote.Of(record.ProjectDisk)?.Refused, record.ProjectDisk is { } disk ? VersionChoice.NewBase(disk.Files) + DiskScript.Unmount(disk, new GuestUser("ci")) : "");
        _ = (record.ToJson(), record.StaysByItself, GuestOfJob.TryAccess(Job, Paths, record));
        Use(record.Stamp, record.StaysByItself);
        Show(Found(record.Stamp, record), record.Stamp.Made);
        if (record.Standby is null)
        {
            return;
        }

        _ = (record.Standby.AgeAt(Here), record.Standby.Overlays.Count);
        _ = new StandbyFitness(TestPlan.Image(), new Generation(new AbsolutePath("/g"), Generation()), TemplateRecord.Shape, Here).FindMiss(record);
    }

    private static void ReadLedger(string text)
    {
        if (LedgerEntry.TryParse(text) is { } entry)
        {
            var totals = MetricTotals.Empty();
            totals.Count(entry);
            _ = (totals.ToJson(), entry.ToLine(), FailureClass.Of(entry), StartCounts.ByImage([entry]).Count, EgressSummary.Of([entry, entry], null, DateTimeOffset.MinValue).Sum(summary => summary.AllowList.Count));
            _ = MetricTotals.TryParse(totals.ToJson()) ?? throw new InvalidOperationException("totals that cannot be read again");
        }
    }

    private static void ReadTotals(string text)
    {
        if (MetricTotals.TryParse(text) is { } totals)
        {
            totals.Count(Entry());
            _ = (totals.ToJson(), Exposition.Write(totals, Facts));
        }
    }

    private static void ReadKept(string text)
    {
        if (Core.Keeping.KeptJob.TryParse(text) is { } job)
        {
            _ = (job.ToJson(), job.IsMeantBy("1"), ReplayPlan.Of(job, "build_script", hasSources: true), ReplayPlan.Of(job, null, hasSources: false));
        }
    }

    private static void ReadStandby(string text)
    {
        if (StandbyReport.TryParse(text) is { } report)
        {
            _ = (report.ToJson(), report.IsFull, report.Totals.Count);
        }
    }

    private static void ReadTemplate(string text)
    {
        if (Core.Templates.TemplateRecord.TryParse(text) is { } record)
        {
            var template = new Template(new AbsolutePath("/t"), record);
            _ = (record.ToJson(), record.ShellOfLogin, record.Shape.Fingerprint, record.Shape.Size, record.HostKeys.Select(HostKey.Parse).ToList(), template.Find("vda"), template.ChainsOn(new Dictionary<string, BackingChain> { ["vda"] = TestPlan.Chain("/b") }).Count);
            _ = record.Files.Select(template.PathOf).ToList();
        }
    }

    private static void ReadGeneration(string text)
    {
        if (GenerationRecord.TryParse(text) is { } record)
        {
            var generation = new Generation(new AbsolutePath("/g/1"), record);
            _ = (record.ToJson(), record.Files.Select(generation.PathOf).ToList(), generation.ChainOf("vda")?.ToString(), record.Probe?.HostKeys.Count);
        }
    }

    private static void ReadManifest(string text) =>
        _ = (OciManifest.TryParse(text)?.For("amd64").Count, OciManifest.TryParse(text)?.Layers.Select(layer => layer.Hex).ToList(), OciManifest.ArchitectureOf(text));

    private static void ReadQcow2Head(string text)
    {
        var head = Encoding.Latin1.GetBytes(text);
        _ = (Qcow2Head.FormatOf(head), Qcow2Head.WhyNotAlone(head));
    }

    private static void ReadArtifact(string text)
    {
        if (GenerationArtifact.TryParse(text) is { } artifact)
        {
            _ = (artifact.ToJson(), artifact.Files.Sum(file => file.Bytes), artifact.Chunks.Sum(chunk => chunk.Size), artifact.Files.SelectMany(file => file.Pieces).Sum(piece => (long)piece.Length + artifact.Chunks[piece.Chunk].Length));
        }
    }

    private static GenerationArtifact Artifact() => new()
    {
        Image = "base",
        Number = 3,
        Published = TestPlan.Now,
        Driver = "vm-executor 1",
        Architecture = "x86_64",
        HostKeys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFXIlkxRZxzhCMwTAvPVvLwMvIyGZwVyMVUHNPzSDrgZ"],
        Files = [new ArtifactFile("vda", "vda.disk", "raw", 200, new string('a', 64), [new ArtifactPiece(0, 100, 0, 20)])],
        Chunks = [new ArtifactChunk(new string('b', 64), 50, 120)],
    };

    private static void ReadAccelerator(string text) => _ = AcceleratorProbe.Recall(text)?.Answer.WhyNotKvm;

    private static JobRecord JobRecord() => TestRecord.Of(Job, State) with
    {
        Stamp = TestPlan.Stamp(TestPlan.For(TestPlan.Image())) with { Job = Job.Value },
        Guest = new GuestRecord("127.0.0.1", 40643, "ci", "/key", [Key], "bash") { BootId = "one", Proof = new GuestProof("abc", "52:54:00:00:00:01").InPlace("one") },
        Bases = [new BaseFingerprint("/base.qcow2", 1, 2, 3)],
        Phases = new Dictionary<string, double> { ["boot"] = 3.25 },
        Ready = TestPlan.Now,
        ShutdownGrace = TimeSpan.FromSeconds(30),
        MaxOverlayBytes = 1 << 30,
        Start = "standby",
        Standby = new StandbyRecord(TemplateRecord.Shape.Fingerprint, "2 CPUs, 1GiB memory", "warm", TestPlan.Now, TimeSpan.FromHours(2)) { Overlays = [new BaseFingerprint("/o", 1, 2, 3)] },
        Claim = new ClaimRecord(1 << 30, 2),
        KeepFailed = new KeepPlan(TimeSpan.FromHours(1), "/builds", "/cache"),
        Template = "/t",
        Egress = new EgressRecord("base", false, [".example.test:443", "10.1.0.0/16"]) { Card = new EgressCard("vmx-967", "52:54:00:aa:bb:cc", ["192.168.122.1/24", "fd00::1/64"]) },
        Services = new ServicesRecord("podman", [["db", "postgres"], ["redis"]], ShowLogs: true),
        ProjectDisk = new ProjectDiskUse("42-0123456789abcdef01234567", "0123abcd", 3, ["v1-0123abcd.qcow2", "v3-0123abcd.qcow2"], null, IsMounted: true) { BuildsDir = "/builds", CacheDir = "/cache" },
    };

    private static LedgerEntry Entry() => new()
    {
        Job = Job.Value,
        Project = "group/project",
        Image = "base",
        Generation = 3,
        Start = "warm",
        Result = "success",
        RemovedBy = "cleanup",
        Created = TestPlan.Now,
        Ready = TestPlan.Now,
        Removed = TestPlan.Now,
        Prepare = new Dictionary<string, double> { ["boot"] = 2.5, ["capacity"] = 1 },
        Scripts = [new ScriptRecord("build_script", 1, 0, null)],
        CleanupSeconds = 0.3,
        CpuSeconds = 4,
        RemovedParts = ["domain vmx-a"],
        Egress = new EgressNotes { Policy = "base", Allowed = new() { ["git.example.test"] = 2 }, Refused = new() { ["192.0.2.9:81"] = 3 } },
    };

    private static string Totals()
    {
        var totals = MetricTotals.Empty();
        totals.Count(Entry());
        return (totals with { File = "f", Offset = 7 }).ToJson();
    }

    private static string Learned()
    {
        var needs = LearnedNeeds.Empty();
        needs.Count(Entry() with { Result = "success", Start = "warm", MemoryBytes = 9, HostMemoryBytes = 7 });
        return (needs with { File = "f", Offset = 7 }).ToJson();
    }

    private static void ReadLearned(string text)
    {
        if (LearnedNeeds.TryParse(text) is { } needs)
        {
            needs.Count(Entry() with { Result = "success", HostMemoryBytes = 7 });
            _ = JobKind.Of(Entry()) is { } kind ? needs.MostOf(kind) : null;
            _ = needs.ToJson();
        }
    }

    private static KeptJob KeptJob() => new()
    {
        Key = Job.Value,
        JobId = 1,
        Name = "unit",
        Image = "base",
        Cpus = "2",
        Kept = TestPlan.Now,
        Expires = TestPlan.Now.AddDays(1),
        Scripts = [new KeptScript("prepare_script", "001-prepare_script", 0, null), new KeptScript("build_script", "002-build_script", 7, null)],
    };

    private static GenerationRecord Generation() => new()
    {
        Image = "base",
        Number = 3,
        Published = TestPlan.Now,
        Driver = "vm-executor 0.1.0",
        SourceKind = "url",
        Source = "https://user:secret@example.com/disk.qcow2?token=abc",
        SourceFingerprint = "f",
        Files = [new GenerationFile("vda", "vda.disk", "qcow2", 1, 1, "00", 5, 6) { VirtualBytes = 1L << 33 }],
        Tools = [new GenerationTool("/usr/local/bin/x", "f")],
        Probe = new ProbeRecord(TestPlan.Now, 4.5, [Key]),
    };
}
