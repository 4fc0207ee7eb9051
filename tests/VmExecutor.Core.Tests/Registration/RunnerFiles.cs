using Xunit;

namespace VmExecutor.Core.Tests.Registration;

/// <summary>
/// The files that <c>gitlab-runner register --executor custom</c> writes (its common/config.go: <c>run_exec</c> has no <c>omitempty</c>), and the other
/// ways in which TOML lets people write the same: each with a runner called vm that has no stages, or a part of them.
/// </summary>
internal static class RunnerFiles
{
    public const string HalfOfTheStages = "a half of the stages";

    public const string Register15 = """
        concurrent = 1
        check_interval = 0

        [session_server]
          session_timeout = 1800

        [[runners]]
          name = "vm"
          url = "https://gitlab.example.com/"
          token = "x5Ucp2UZsFv7yV3hYrqe"
          executor = "custom"
          [runners.custom_build_dir]
          [runners.cache]
            [runners.cache.s3]
            [runners.cache.gcs]
            [runners.cache.azure]
          [runners.custom]
            run_exec = ""

        """;

    public const string Register17 = """
        concurrent = 1
        check_interval = 0
        connection_max_age = "15m0s"
        shutdown_timeout = 0

        [session_server]
          session_timeout = 1800

        [[runners]]
          name = "docker one"
          url = "https://gitlab.example.com"
          id = 41
          token = "glrt-t1_aaaaaaaaaaaaaaaaaaaa"
          token_obtained_at = 2024-05-24T06:57:34Z
          token_expires_at = 0001-01-01T00:00:00Z
          executor = "docker"
          [runners.custom_build_dir]
          [runners.cache]
            MaxUploadedArchiveSize = 0
            [runners.cache.s3]
            [runners.cache.gcs]
            [runners.cache.azure]
          [runners.docker]
            tls_verify = false
            image = "debian:12"
            volumes = ["/cache"]

        [[runners]]
          name = "vm"
          url = "https://gitlab.example.com"
          id = 42
          token = "glrt-t1_bbbbbbbbbbbbbbbbbbbb"
          token_obtained_at = 2024-05-24T07:00:00Z
          token_expires_at = 0001-01-01T00:00:00Z
          executor = "custom"
          [runners.custom_build_dir]
          [runners.cache]
            MaxUploadedArchiveSize = 0
            [runners.cache.s3]
            [runners.cache.gcs]
            [runners.cache.azure]
          [runners.custom]
            run_exec = ""

        """;

    /// <summary>Newer runners leave <c>custom_build_dir</c> out where nothing was said of it.</summary>
    public const string Register19 = """
        concurrent = 1
        check_interval = 0
        shutdown_timeout = 0

        [session_server]
          session_timeout = 1800

        [[runners]]
          name = "vm"
          url = "https://gitlab.example.com"
          id = 42
          token = "glrt-t1_bbbbbbbbbbbbbbbbbbbb"
          token_obtained_at = 2026-11-26T07:00:00Z
          token_expires_at = 0001-01-01T00:00:00Z
          executor = "custom"
          [runners.cache]
            MaxUploadedArchiveSize = 0
            [runners.cache.s3]
              AssumeRoleMaxConcurrency = 0
            [runners.cache.gcs]
            [runners.cache.azure]
          [runners.custom]
            run_exec = ""

        """;

    public static TheoryData<string, string> Shapes { get; } = new()
    {
        { "register of 15.0", Register15 },
        { "register of 17", Register17 },
        { "register of 19.4", Register19 },
        { "line ends of Windows", Register17.ReplaceLineEndings("\r\n") },
        { "byte order mark", "\ufeff" + Register19 },
        { "tabs", Register17.Replace("  ", "\t", StringComparison.Ordinal) },
        { "no indentation", Register17.Replace("  ", "", StringComparison.Ordinal) },
        { "no newline at the end", Register19.TrimEnd() },
        { "no newline behind a comment", Register19.TrimEnd() + " # the end" },
        {
            "every key there and empty",
            "[[runners]]\nname = 'vm'\nexecutor = 'custom'\nbuilds_dir = ''\ncache_dir = \"\"\n[runners.custom]\nconfig_exec = \"\" # to be filled\nconfig_args = []\n"
            + "prepare_exec = ''\nprepare_args = [ ]\nrun_exec = \"\"\"\"\"\"\nrun_args = [\n  # none yet\n]\ncleanup_exec = ''''''\ncleanup_args = []\n"
        },
        { "table in braces", "[[runners]]\n  name = \"vm\"\n  executor = \"custom\"\n  custom = { run_exec = \"\" } # later\n  custom_build_dir = {}\n" },
        { "empty table in braces", "[[runners]]\n  name = \"vm\"\n  executor = \"custom\"\n  custom = {}\n  feature_flags = { FF_USE_FASTZIP = true }\n" },
        {
            "keys with dots",
            "[[runners]]\n  name = \"vm\"\n  custom.run_exec = \"\"\n  executor = \"custom\"\n  custom . \"graceful_kill_timeout\" = 33 # ours\n  custom_build_dir.enabled = true\n[runners.cache]\n"
        },
        { "keys with dots in braces", "runners = [ { name = \"vm\", executor = \"custom\", custom.run_exec = \"\", limit = 2 } ]\n" },
        {
            "runners in brackets",
            "concurrent = 2\nrunners = [ { name = \"x\", executor = \"shell\" },\n  # ours\n  { name = \"vm\", executor = \"custom\" }, # last\n]\n[session_server]\n  session_timeout = 1800\n"
        },
        { "quoted names", "[[ \"runners\" ]]\n\"name\" = \"vm\"\n'executor' = \"custom\"\n[ runners . \"custom\" ]\n\"run_exec\" = \"\"\n" },
        { "names in another case", "[[Runners]]\nName = \"vm\"\nExecutor = \"custom\"\n[Runners.Custom]\nRun_Exec = \"\"\n[Runners.Custom_Build_Dir]\n" },
        {
            "texts of many lines that look like tables",
            "[[runners]]\n  name = \"vm\"\n  executor = \"custom\"\n  pre_build_script = '''\n[[runners]]\n  [runners.custom]\n    run_exec = \"\"\n'''\n"
            + "  post_build_script = \"\"\"\n# [runners.cache]\n\"\"\"\n\n[[runners]]\n  name = \"y\"\n  executor = \"shell\"\n"
        },
        { "only tables below the table", "[[runners]]\n  name = \"vm\"\n  executor = \"custom\"\n  [runners.custom.unknown]\n    x = 1\n" },
        {
            "tables before the keys of the next",
            "[[runners]]\n  [runners.cache]\n    Type = \"s3\"\n  [runners.custom]\n[[runners]]\n  executor = \"custom\"\n  name = \"vm\"\n  # the tables of vm\n  [runners.cache]\n    Type = \"gcs\"\n"
        },
        { "another without any key", "[[runners]]\n[[runners]]\nname = \"vm\"\nexecutor = \"custom\"\n" },
        {
            "comments everywhere",
            "# a\n\n[[runners]] # b\n# c\nname = \"vm\" # d = \"\"\nexecutor = \"custom\"\n# run_exec = \"\"\n[runners.custom] # e\n# f\nrun_exec = \"\" # g\n# h\n[runners.cache] # i\n"
        },
        { "a limit that was said", Register19.TrimEnd() + "\n    prepare_exec_timeout = 5\n    graceful_kill_timeout = 0\n" },
        {
            HalfOfTheStages,
            "[[runners]]\nname = \"vm\"\nexecutor = \"custom\"\nbuilds_dir = \"/b\"\n[runners.custom]\nprepare_exec = \"/usr/lib/vm-executor/prepare\"\nrun_exec = \"\"\n[runners.custom_build_dir]\nenabled = false\n"
        },
    };
}
