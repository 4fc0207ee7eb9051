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
        allow_parts: [devices/hostdev, 'qemu:commandline', devices/foo/@bar]
        {{Shared}}
        """;

    public const string OfUrl = """
        name: cloud
        patterns: [cloud-*, 'debian:1?']
        source: url
        url: https://example.com/disk.qcow2.xz
        sha256: 9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08
        format: qcow2
        kernel: vmlinuz
        egress:
          mode: watch
          allow: [.example.test, '10.1.0.0/16:5432']
          projects: [{projects: group/**, mode: enforce, allow: registry.test:443}]
        ssh: {user: ci, login: cloud-init}
        """;

    public const string OfUrlBySha512 = """
        name: other
        source: url
        url: file:///srv/disk.raw.zst
        sha512: ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff
        ssh: {user: ci, login: cloud-init}
        """;

    public const string OfRegistry = """
        name: shared
        source: oci
        image: registry.example.com:5000/ci/debian-12:2026-11
        auth_file: registry.json
        format: qcow2
        ssh: {user: ci, login: cloud-init}
        """;

    public const string OfBuild = """
        name: built
        source: build
        build: ../recipes/debian
        build_timeout: 2h
        ssh: {user: ci, login: systemd-credentials, pin: job}
        """;

    private const string Shared = $$"""
        allow: {projects: [group/**, other/project], protected_refs: true}
        cpus: 2
        memory: 768MiB
        sizes: {min_cpus: 2, max_cpus: 4, min_memory: 256MiB, max_memory: 1GiB, max_disk: 8GiB}
        shell: pwsh
        ssh:
          user: build-1
          login: baked
          key: key
          port: 2222
          host_key: {{Yaml.Key}} root@small
        accelerator: tcg
        network: {mode: libvirt, name: ci net}
        disks: {cache: none, discard: ignore, max_overlay: 5GiB}
        project_disk: {size: 20GiB, write: always, scope: project-and-ref, keep: 30d, max_total: 200GiB, max_project: 40GiB, projects: [{projects: group/**, enabled: false, size: 1GiB, write: never, scope: job-name}]}
        stop: {mode: shutdown, grace: 5s}
        keep_failed: {for: 2h, projects: [group/**]}
        timeouts: {boot: 1s, ssh: 2s, cloud_init: 5s, warm: 4s, source_shutdown: 3s}
        publish: {in_place: true, keep: 5, probe: ../probe, min_free_disk: 2GiB}
        warm: {enabled: true, script: ../warm-up, sizes: [{cpus: 4}, {cpus: 2, memory: 1GiB}]}
        standby: {count: 2, max_age: 30m, sizes: [{cpus: 4}, {cpus: 2, memory: 1GiB, count: 3}]}
        prepare_hook: {script: ../hook, variables: [CI_PROJECT_PATH, CI_JOB_ID], timeout: 1m}
        services: {engine: podman, allow: ['postgres:*', redis], preload: 'postgres:16', pull_policy: [always, never], auth_file: ../registries.json, privileged: true, wait: 10s, timeout: 1m}
        service: {ports: [5432, 80], start: systemctl restart app, ready: pg_isready -q}
        tools: [gitlab-runner, '/opt/ci/tools:/opt/ci', ../bin/tool]
        wait_for_cloud_init: false
        builds_dir: /b
        cache_dir: /c
        """;
}
