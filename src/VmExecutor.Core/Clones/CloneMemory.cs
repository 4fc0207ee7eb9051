using System.Globalization;
using System.Xml.Linq;

namespace VmExecutor.Core.Clones;

/// <summary>
/// Places a clone's memory in a file of a given path. libvirt's own XML cannot say that: its memoryBacking picks the path itself. So QEMU
/// is given a memory backend by argument. Of its two <c>-machine</c> options the later one counts, and libvirt's backend stays unused.
/// </summary>
internal static class CloneMemory
{
    private const string Backend = "vmram";
    private const string MachineOption = $"memory-backend={Backend}";

    /// <param name="domain">With its size of memory.</param>
    /// <param name="memory">The file.</param>
    /// <param name="incoming">Whether QEMU waits for the state of processors and devices before anything runs.</param>
    public static void Apply(XElement domain, MemoryFile memory, bool incoming)
    {
        var size = MachineSize.Of(domain, default).Memory.Bytes;

        // rom=off: the mapping is read-only otherwise, and the guest could not write (qemu-options, "memory-backend-file").
        var access = (memory.IsTemplate, memory.IsReadOnly) switch
        {
            (true, _) => "share=on",
            (_, true) => "share=off,readonly=on,rom=off",
            _ => "share=off",
        };
        QemuXml.Add(
            domain,
            [
                // A comma in a value is doubled (qemu-options: "mem-path").
                "-object", string.Create(CultureInfo.InvariantCulture, $"memory-backend-file,id={Backend},size={size},mem-path={Escape(memory.Path.Value)},{access}"),
                "-machine", MachineOption,
                .. incoming ? (string[])["-incoming", "defer"] : [],
            ]);
    }

    /// <summary>Removes the elements that <see cref="Apply"/> has added; elements of the source stay.</summary>
    public static void Remove(XElement domain)
    {
        foreach (var line in domain.Elements(QemuXml.Namespace + "commandline").ToList())
        {
            var arguments = line.Elements(QemuXml.Namespace + "arg").ToList();
            for (var i = 0; i + 1 < arguments.Count; i++)
            {
                if (IsOurs((string?)arguments[i].Attribute("value"), (string?)arguments[i + 1].Attribute("value")))
                {
                    arguments[i].Remove();
                    arguments[i + 1].Remove();
                    i++;
                }
            }

            if (!line.HasElements)
            {
                line.Remove();
            }
        }
    }

    private static bool IsOurs(string? option, string? value) => (option, value) switch
    {
        ("-object", { } text) => text.StartsWith($"memory-backend-file,id={Backend},", StringComparison.Ordinal),
        ("-machine", MachineOption) or ("-incoming", "defer") => true,
        _ => false,
    };

    private static string Escape(string path) => path.Replace(",", ",,", StringComparison.Ordinal);
}
