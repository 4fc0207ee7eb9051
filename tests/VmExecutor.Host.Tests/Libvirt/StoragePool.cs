using System.Security.Cryptography;

namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>A storage pool of one test on the machine's real libvirt: a directory of its own, destroyed and undefined at the end.</summary>
internal sealed class StoragePool : IDisposable
{
    public StoragePool()
    {
        Run("pool-define-as", Name, "dir", "--target", Directory);
        Run("pool-start", Name);
    }

    public string Name { get; } = $"vmx-test-pool-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("vmx-pool-").FullName;

    public void Create(string volume, string format = "qcow2") => Run("vol-create-as", Name, volume, "8M", "--format", format);

    public void Delete(string volume) => Run("vol-delete", volume, "--pool", Name);

    public void Stop() => Run("pool-destroy", Name);

    public void Dispose()
    {
        Virsh.Run("pool-destroy", Name);
        Virsh.Run("pool-undefine", Name);
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static void Run(params string[] arguments)
    {
        if (Virsh.Run(arguments).ExitCode != 0)
        {
            throw new InvalidOperationException($"virsh {string.Join(' ', arguments)} failed");
        }
    }
}
