namespace VmExecutor.Core.Reporting;

/// <summary>An image as a report shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">In words: <c>ready</c>.</param>
/// <param name="Current">The generation that jobs get; null: there is none.</param>
/// <param name="Published">When that one was; null: there is none.</param>
/// <param name="Generations">How many there are.</param>
/// <param name="DiskBytes">What all of them take.</param>
/// <param name="Templates">Of the current one; null: its jobs do not wake up from templates.</param>
/// <param name="TemplateBytes">What the templates of all generations take.</param>
public sealed record ReportImage(string Name, string State, int? Current, DateTimeOffset? Published, int Generations, long DiskBytes, int? Templates, long TemplateBytes);

/// <summary>The facts of the host that a report has beside the ledger's figures.</summary>
/// <param name="Name">The host's.</param>
/// <param name="Driver">The driver's version.</param>
/// <param name="MemoryBytes">The host's memory.</param>
/// <param name="Cpus">The host's processors.</param>
/// <param name="Images">Its images; null: they could not be listed.</param>
/// <param name="Remarks">What else should be known, in sentences.</param>
public sealed record ReportHost(string Name, string Driver, long MemoryBytes, int Cpus, IReadOnlyList<ReportImage>? Images, IReadOnlyList<string> Remarks);
