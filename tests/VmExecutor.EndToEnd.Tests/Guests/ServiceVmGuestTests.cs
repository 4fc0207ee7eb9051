using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>Services that are VMs beside containers of the real podman, and in whole guests.</summary>
[AlwaysCold("its guest is not the one that the tests' template is of")]
public sealed class ServiceVmGuestTests(TestMachine machine) : BenchTest(machine)
{
    private const string Variant = "debian-podman";
    private const int LongHangLimit = 2_400_000;

    /// <summary>One static program, which serves files.</summary>
    private const string Hook =
        """
        set -e
        root=$(mktemp -d)
        mkdir "$root/bin"
        cp /bin/busybox "$root/bin/busybox"
        for name in sh env httpd wget id; do ln -s busybox "$root/bin/$name"; done
        echo hello > "$root/hello"
        tar --create --owner=0 --group=0 --directory="$root" . |
          sudo podman import --quiet --change 'ENV PATH=/bin' --change 'EXPOSE 8080/tcp' --change 'EXPOSE 8080/udp' --change 'CMD ["httpd", "-f", "-p", "8080", "-h", "/"]' - localhost/web:1
        """;

    [Fact(Explicit = true, Timeout = LongHangLimit)]
    public async Task Two_jobs_at_once_have_each_a_container_and_a_VM_as_services_and_reach_both_by_their_names()
    {
        await PublishAsync();
        Bench.WriteImage("sibling", new ImageYaml
        {
            Name = "sibling",
            Further = ["service:", "  ports: [80]", "  start: 'mkdir /run/www && echo \"$WORD\" > /run/www/said && busybox httpd -p 80 -h /run/www'"],
        }.Write(Machine.Guest));

        var results = await Task.WhenAll(new[] { 1703, 1704 }.Select(id => Bench.RunJobAsync(new SimulatedJob
        {
            Id = id,
            Image = Variant,
            Services =
                $$"""
                [
                  { "name": "sibling", "alias": "vm", "variables": [{ "key": "WORD", "value": "vm-of-{{id}}", "public": true }] },
                  { "name": "localhost/web:1", "alias": "box" }
                ]
                """,
            Script = ["busybox wget -q -O - http://box:8080/hello | grep -x hello", $"busybox wget -q -O - http://vm/said | grep -x vm-of-{id}", "sudo podman exec vmx-service-0 wget -q -O - http://198.18.0.2/said"],
        })));

        foreach (var result in results)
        {
            result.State.Should().Be(JobState.Success, result.ToString());
            result.TraceText.Should().MatchRegex(@"Service localhost/web:1 \(box, localhost__web, localhost-web\) is up after \d+\.\d s, by podman, port 8080")
                .And.MatchRegex(@"Service sibling \(vm, sibling\) is up after \d+\.\d s, as VM vmx-service0-");
        }

        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>Each manages its cards in another way, and none may take the one between the VMs for its own.</summary>
    [Theory(Explicit = true, Timeout = LongHangLimit)]
    [InlineData("network-manager", "q35")]
    [InlineData("ifupdown", "pc")]
    [InlineData("awkward", "q35")]
    public async Task A_whole_guest_is_joined_as_the_jobs_and_as_a_services(string variant, string machine)
    {
        var guest = await BuiltGuest.BuildAsync(variant);
        await using var domain = await GuestDomain.DefineAsync(guest, $"base-{variant}-{Bench.Token}", Bench.MakeDirectory("base"), machine);
        var job = new YamlSections(guest.ImageYaml(domain.Name));
        var service = new YamlSections(guest.ImageYaml(domain.Name));
        service.Add("name: sibling\nservice:\n  ports: [22]\n");
        Bench.With().WriteImage(variant, job.ToString());
        Bench.WriteImage("sibling", service.ToString());

        var result = await Bench.RunJobAsync(new SimulatedJob
        {
            Id = 1705,
            Image = variant,
            Services = """[{ "name": "sibling", "alias": "vm" }]""",
            Script =
            [
                // Time enough for a manager of networks that would take the card.
                "sleep 20", "ip -4 -o address show | grep -F ' 198.18.0.1/24 '", "timeout 20 bash -c 'exec 3<>/dev/tcp/vm/22; head -c 4 <&3' | grep -x SSH-",
            ],
        });

        result.State.Should().Be(JobState.Success, result.ToString());
        result.TraceText.Should().MatchRegex(@"Service sibling \(vm, sibling\) is up after \d+\.\d s, as VM vmx-service0-1705-[0-9a-f]{6} \(cold start\) at 198\.18\.0\.2, port 22");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    private async Task PublishAsync()
    {
        var guest = await BuiltGuest.BuildAsync(Variant);
        var hook = Path.Combine(Bench.MakeDirectory("hook"), "hook");
        await File.WriteAllTextAsync(hook, Hook, TestContext.Current.CancellationToken);
        var yaml = new YamlSections(guest.ImageYaml(Variant));
        yaml.Add($"prepare_hook:\n  script: {hook}\nservices:\n  engine: podman\n  wait: 10s\n");
        Bench.With().WriteImage(Variant, yaml.ToString());
        (await Bench.CommandAsync(["image", "publish", Variant], TimeSpan.FromMinutes(15))).ExitCode.Should().Be(0);
    }
}
