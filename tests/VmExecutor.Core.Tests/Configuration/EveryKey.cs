namespace VmExecutor.Core.Tests.Configuration;

/// <summary>Files that say each key with a value other than its default.</summary>
internal static class EveryKey
{
    public const string OfFile = $$"""
        name: small
        source: file
        file: small.img
        format: raw
        kernel: /boot/vmlinuz
        initrd: initrd
        cmdline: quiet ro
        {{Shared}}
        """;

    public const string OfDomain = $$"""
        name: debian
        source: domain
        domain: base
        allow_shutdown: true
        {{Shared}}
        """;

    private const string Shared = $$"""
        cpus: 2
        memory: 768MiB
        shell: pwsh
        ssh:
          user: build-1
          key: key
          port: 2222
          host_key: {{Yaml.Key}} root@small
        accelerator: tcg
        network: {mode: libvirt, name: ci net}
        disks: {cache: none, discard: ignore}
        stop: {mode: shutdown, grace: 5s}
        timeouts: {boot: 1s, ssh: 2s, source_shutdown: 3s}
        builds_dir: /b
        cache_dir: /c
        """;
}
