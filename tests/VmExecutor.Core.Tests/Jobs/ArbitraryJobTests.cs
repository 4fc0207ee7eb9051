using System.Text;
using System.Text.Json;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Values;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Jobs;

/// <summary>Keys, records, environments and answers for jobs that want to be something else.</summary>
public sealed class ArbitraryJobTests
{
    private static readonly string[] Servers = ["https://a.example", "https://b.example:8443", "unknown-server", "<x/>"];

    [Fact]
    public void The_key_of_any_job_is_short_and_of_the_alphabet_of_host_names() =>
        ForAny.Value(Identities(), identity =>
        {
            var key = Key(identity);

            key.Value.Should().MatchRegex(@"\A[a-z0-9]{1,12}-[1-9][0-9]*-[0-9a-f]{6}\z");
            key.Value.Length.Should().BeLessThanOrEqualTo(40);
            key.Domain.Value.Should().Be($"vmx-{key}");
            key.Uuid.ToString("D").Should().MatchRegex(@"\A[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}\z");
        });

    [Fact]
    public void Two_jobs_have_one_key_only_if_they_are_one_job() =>
        ForAny.Value(Identities().Two(), pair =>
        {
            var (one, other) = pair;

            (Key(one) == Key(other)).Should().Be(one == other);
            (Key(one).Value == Key(other).Value).Should().Be(one == other);
            (Key(one).Uuid == Key(other).Uuid).Should().Be(one == other);
        });

    [Theory]
    [InlineData("https://a\nb")]
    [InlineData("\n")]
    public void A_server_with_a_line_break_could_pass_for_another_server_and_runner(string server) =>
        FluentActions.Invoking(() => new JobKey(server, "x", 1)).Should().Throw<ArgumentException>().WithMessage("*server*");

    [Fact]
    public void A_record_of_any_texts_reads_back_as_it_was_written() =>
        ForAny.Value(HostileText.Decoded.ListOf(9).Select(texts => texts.ToList()), texts =>
        {
            var record = Record(texts);

            JobRecord.TryParse(record.ToJson()).Should().BeEquivalentTo(record);
        });

    [Fact]
    public void Any_text_is_a_record_or_none() =>
        ForAny.Value(HostileText.Decoded, text => JobRecord.TryParse(text).Should().BeNull());

    [Fact]
    public void A_record_cut_anywhere_is_none_and_one_with_a_wrong_character_is_read_or_none()
    {
        var whole = Record([.. Enumerable.Repeat("x", 9)]).ToJson();
        for (var at = 0; at < whole.Length; at++)
        {
            JobRecord.TryParse(whole[..at]).Should().BeNull();
            foreach (var wrong in "\"}[]0-x\\\0é")
            {
                FluentActions.Invoking(() => JobRecord.TryParse(whole.Remove(at, 1).Insert(at, wrong.ToString()))).Should().NotThrow();
            }
        }
    }

    [Fact]
    public void Any_environment_has_exit_codes_that_a_process_can_end_with_and_absolute_paths() =>
        ForAny.Value(
            from code in Gen.OneOf(HostileText.Any, Gen.Elements("0", "1", "255", "256", "-1", "4294967297", " 3", "3 ", "0x1", "1e1", "٣"))
            from path in Gen.OneOf(HostileText.Any, HostileText.Any.Select(text => "/" + text))
            select (Code: code, Path: path),
            given =>
            {
                var environment = new StageEnvironment(new Dictionary<string, string>
                {
                    ["BUILD_FAILURE_EXIT_CODE"] = given.Code,
                    ["SYSTEM_FAILURE_EXIT_CODE"] = given.Code,
                    ["BUILD_EXIT_CODE_FILE"] = given.Path,
                    ["JOB_RESPONSE_FILE"] = given.Path,
                    ["TMPDIR"] = given.Path,
                });

                environment.BuildFailureExitCode.Should().BeInRange(1, 255);
                environment.SystemFailureExitCode.Should().BeInRange(1, 255);
                AbsolutePath?[] paths = [environment.BuildExitCodeFile, environment.JobResponseFile, environment.TemporaryDirectory];
                paths.Should().OnlyContain(path => path == null || path.Value.StartsWith('/'));
            });

    [Fact]
    public void References_to_any_values_are_expanded_to_a_text_of_bounded_length() =>
        ForAny.Value(
            from text in Gen.OneOf(HostileText.Any, Gen.Elements("$A", "${A}", "$B", "$", "{", "}", "x").ListOf().Select(string.Concat))
            from a in Gen.OneOf(HostileText.Any, Gen.Elements("$A$A", "${B}${A}", new string('$', 5000)))
            from b in Gen.Elements("$A", "b", new string('b', 1 << 20))
            select (Text: text, A: a, B: b),
            given =>
            {
                var expanded = VariableReferences.Expand(given.Text, new Dictionary<string, string> { ["A"] = given.A, ["B"] = given.B });

                expanded.Length.Should().BeLessThan(1 << 25);
                (given.Text.Contains('$') || expanded == given.Text).Should().BeTrue();
            });

    [Fact]
    public void An_image_that_names_a_megabyte_two_thousand_times_does_not_fill_the_memory()
    {
        var image = string.Concat(Enumerable.Repeat("$A", 2000));

        var expanded = VariableReferences.Expand(image, new Dictionary<string, string> { ["A"] = new string('x', 1 << 20) });

        expanded.Length.Should().BeLessThan(1 << 25);
    }

    [Fact]
    public void An_answer_of_any_texts_is_one_json_document_that_says_them() =>
        ForAny.Value(HostileText.Any.ListOf(6).Select(texts => texts.ToList()), texts =>
        {
            var answer = new DriverAnswer { Driver = (texts[0], texts[1]), Hostname = texts[2], BuildsDir = texts[3], CacheDir = texts[4], Shell = texts[5] };

            var json = answer.ToJson();

            using var document = JsonDocument.Parse(json);
            json.Should().NotContain("\n");
            var root = document.RootElement;
            string?[] said =
            [
                root.GetProperty("driver").GetProperty("name").GetString(), root.GetProperty("driver").GetProperty("version").GetString(),
                root.GetProperty("hostname").GetString(), root.GetProperty("builds_dir").GetString(), root.GetProperty("cache_dir").GetString(),
                root.GetProperty("shell").GetString(),
            ];
            said.Should().Equal(texts.Select(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text))));
        });

    // Few values each, so that two of them often differ in one place only.
    private static Gen<(string Server, string Runner, long Id)> Identities() =>
        from server in Gen.Elements(Servers)
        from runner in Gen.OneOf(HostileText.Decoded, Gen.Elements("", "a", "A", "a\n", "a\n1", "aé", "abcdefghijklm", "abcdefghijklmn"))
        from id in Gen.Elements(1, 11, 12, 4711, long.MaxValue)
        select (server, runner, id);

    private static JobKey Key((string Server, string Runner, long Id) identity) => new(identity.Server, identity.Runner, identity.Id);

    private static JobRecord Record(List<string> texts) => new()
    {
        Stamp = new OwnershipStamp
        {
            Key = texts[0],
            Project = texts[1],
            Image = texts[2],
            Runner = new RunnerProcess(1, 2),
            TemporaryDirectory = texts[3],
            StateDir = texts[4],
            Made = new HostMoment(texts[5], texts[6], texts[7], TimeSpan.FromSeconds(1)),
            Created = DateTimeOffset.UnixEpoch,
            Expires = DateTimeOffset.UnixEpoch.AddHours(1),
        },
        Domain = texts[4],
        LibvirtUri = texts[5],
        Guest = new GuestRecord(texts[6], 22, texts[7], texts[8], [texts[0]], texts[1]),
        Shell = texts[2],
        ShutdownGrace = TimeSpan.FromSeconds(1),
    };
}
