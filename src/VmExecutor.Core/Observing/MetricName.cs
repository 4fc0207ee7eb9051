namespace VmExecutor.Core.Observing;

/// <summary>One metric as it is described in the output.</summary>
/// <param name="Name">In <c>snake_case</c>, with its unit; a counter ends in <c>_total</c>.</param>
/// <param name="Type"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
/// <param name="Help">One line for people.</param>
public sealed record MetricName(string Name, string Type, string Help)
{
    public static readonly MetricName Jobs = new("vm_executor_jobs_total", "counter", "VMs of jobs that are removed, by the job's result and what it failed for. Each attempt of prepare counts.");
    public static readonly MetricName Starts = new("vm_executor_start_seconds", "histogram", "How long prepare took until the guest was ready, without waiting for capacity.");
    public static readonly MetricName Fallbacks = new("vm_executor_cold_fallbacks_total", "counter", "Cold starts of images with templates, by reason.");
    public static readonly MetricName StandbyMisses = new("vm_executor_standby_misses_total", "counter", "Jobs of images with standby clones that got none, by reason; vm_executor_start_seconds counts those that got one.");
    public static readonly MetricName StandbyFill = new("vm_executor_standby_fill_seconds", "histogram", "How long making each standby clone of an image took.");
    public static readonly MetricName StandbyFillFailures = new("vm_executor_standby_fill_failures_total", "counter", "Standby clones of an image that were started and could not be made ready.");
    public static readonly MetricName CapacityWaits = new("vm_executor_capacity_waits_total", "counter", "Jobs that had to wait until the host had room for their VM.");
    public static readonly MetricName CapacityWaitSeconds = new("vm_executor_capacity_wait_seconds_total", "counter", "How long they waited, all together.");
    public static readonly MetricName MemoryStops = new("vm_executor_memory_stops_total", "counter", "Jobs whose VM was stopped since the host was short of memory and it had taken more than was kept for it.");
    public static readonly MetricName Collected = new("vm_executor_gc_removed_total", "counter", "Leftovers of jobs that were collected, by reason.");
    public static readonly MetricName EgressRefused = new("vm_executor_egress_refused_total", "counter", "Names and addresses that the egress policies of jobs refused, or would have refused (watch), each once per job.");
    public static readonly MetricName ProjectDisks = new("vm_executor_project_disk_jobs_total", "counter", "Jobs that got their project's disk, by what they found on it (version, empty) and by what became of their changes (promoted, or the reason why not).");
    public static readonly MetricName CpuSeconds = new("vm_executor_cpu_seconds_total", "counter", "CPU time of all VMs that are removed.");

    public static readonly MetricName Info = new("vm_executor_build_info", "gauge", "Always 1; the driver's version.");
    public static readonly MetricName Libvirt = new("vm_executor_libvirt_up", "gauge", "Whether libvirt answered: 1 or 0. At 0, VMs and leftovers are left out.");
    public static readonly MetricName Drained = new("vm_executor_drained", "gauge", "1: an administrator has let the host take no more jobs; else 0.");
    public static readonly MetricName Vms = new("vm_executor_vms", "gauge", "VMs of jobs now: starting, running, kept after a failure, standby: waiting for a job.");
    public static readonly MetricName StandbyWanted = new("vm_executor_standby_wanted", "gauge", "How many standby clones an image wants.");
    public static readonly MetricName StandbyThere = new("vm_executor_standby_clones", "gauge", "How many standby clones of an image wait for jobs.");
    public static readonly MetricName StandbyPaused = new("vm_executor_standby_paused", "gauge", "1: so many standby clones of an image could not be made in a row that fills pause for it; else 0.");
    public static readonly MetricName VmLimit = new("vm_executor_vms_limit", "gauge", "limits.max_vms, where it is set.");
    public static readonly MetricName Leftovers = new("vm_executor_leftovers", "gauge", "What jobs have left and gc has not removed yet.");
    public static readonly MetricName OverlayBytes = new("vm_executor_overlay_bytes", "gauge", "What the overlays of all jobs take on the disk.");
    public static readonly MetricName ImageBytes = new("vm_executor_image_bytes", "gauge", "What all generations of an image take on the disk, without templates.");
    public static readonly MetricName TemplateBytes = new("vm_executor_template_bytes", "gauge", "What the templates of an image take on the disk.");
    public static readonly MetricName Generations = new("vm_executor_image_generations", "gauge", "How many generations of an image there are.");
    public static readonly MetricName Published = new("vm_executor_image_published_timestamp_seconds", "gauge", "When the generation that jobs get was published.");
    public static readonly MetricName Generation = new("vm_executor_image_info", "gauge", "Always 1; the generation that jobs get, and the registry's digest where it came from one.");
    public static readonly MetricName PublishFailed = new("vm_executor_image_publish_failed", "gauge", "1: the last publishing of the image failed, with the error code and the registry's digest; jobs get the generation before. Else there is none.");
    public static readonly MetricName Templates = new("vm_executor_templates", "gauge", "How many templates the generation that jobs get has.");
    public static readonly MetricName TemplateMade = new("vm_executor_template_created_timestamp_seconds", "gauge", "When the oldest of them was made.");
    public static readonly MetricName DiskCount = new("vm_executor_project_disks", "gauge", "How many projects' disks an image has.");
    public static readonly MetricName ProjectDiskBytes = new("vm_executor_project_disk_bytes", "gauge", "What they take on this host.");
    public static readonly MetricName ProjectDiskUsed = new("vm_executor_project_disk_oldest_use_timestamp_seconds", "gauge", "When a job got the one that was not used for the longest time.");
    public static readonly MetricName MemoryTotal = new("vm_executor_memory_total_bytes", "gauge", "The host's memory.");
    public static readonly MetricName MemoryAvailable = new("vm_executor_memory_available_bytes", "gauge", "What programs can still get without swapping.");
    public static readonly MetricName MemoryDeclared = new("vm_executor_memory_declared_bytes", "gauge", "The memory that all VMs of jobs have.");
    public static readonly MetricName MemoryReserved = new("vm_executor_memory_reserved_bytes", "gauge", "The memory that is kept for them; with 'reserve: learned' less than they have.");
    public static readonly MetricName MemoryTaken = new("vm_executor_memory_taken_bytes", "gauge", "The memory of the host that they have taken.");
    public static readonly MetricName MemoryWatermark = new("vm_executor_memory_watermark_bytes", "gauge", "limits.memory_watermark, with 'reserve: learned': below it the VM of a job that took more than was kept for it is stopped.");
    public static readonly MetricName MemoryFree = new("vm_executor_memory_free_for_vms_bytes", "gauge", "What a further VM may have: available, less what VMs were promised and limits.memory_headroom.");
    public static readonly MetricName DiskTotal = new("vm_executor_disk_total_bytes", "gauge", "The file system of state_dir.");
    public static readonly MetricName DiskFree = new("vm_executor_disk_free_bytes", "gauge", "What is free on it.");
    public static readonly MetricName DiskHeadroom = new("vm_executor_disk_headroom_bytes", "gauge", "limits.disk_headroom: below it no VM is started.");
    public static readonly MetricName DiskWatermark = new("vm_executor_disk_watermark_bytes", "gauge", "limits.disk_watermark: below it VMs are stopped.");
    public static readonly MetricName Read = new("vm_executor_metrics_timestamp_seconds", "gauge", "When these numbers were read.");

    /// <summary>In the order of the output.</summary>
    public static IReadOnlyList<MetricName> All { get; } =
    [
        Jobs, Starts, Fallbacks, StandbyMisses, StandbyFill, StandbyFillFailures, CapacityWaits, CapacityWaitSeconds, MemoryStops, Collected, EgressRefused, ProjectDisks, CpuSeconds,
        Info, Read, Libvirt, Drained, Vms, StandbyWanted, StandbyThere, StandbyPaused, VmLimit, Leftovers, OverlayBytes, ImageBytes, TemplateBytes, Generations, Published, Generation, PublishFailed, Templates, TemplateMade,
        DiskCount, ProjectDiskBytes, ProjectDiskUsed,
        MemoryTotal, MemoryAvailable, MemoryDeclared, MemoryReserved, MemoryTaken, MemoryFree, MemoryWatermark, DiskTotal, DiskFree, DiskHeadroom, DiskWatermark,
    ];
}
