namespace VmExecutor.Core.Templates;

/// <summary>The reason why a clone of an image with templates is started cold.</summary>
/// <param name="Word">For the ledger and its counts: <c>no_template</c>, <c>size</c>, <c>qemu_changed</c>, <c>libvirt_changed</c>,
/// <c>cpu_changed</c>, <c>accelerator_changed</c>, <c>devices_changed</c>, <c>damaged</c>, <c>impossible</c>, <c>refused</c>, <c>failed</c>, <c>timed_out</c>, <c>identity</c>.</param>
/// <param name="Text">One line for the job log.</param>
public sealed record ColdReason(string Word, string Text);
