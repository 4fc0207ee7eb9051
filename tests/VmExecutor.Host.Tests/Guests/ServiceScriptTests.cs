using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Services;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>
/// The text that starts services, carried out by the shells of guests in namespaces of its own, with a stand-in for the engine: it notes its calls, and its containers are processes of the
/// test. The kernel's tables, the ports and the hosts file are real.
/// </summary>
public sealed class ServiceScriptTests : IDisposable
{
    private const int HangLimit = 180_000;

    /// <summary>
    /// Files stand for images: <c>here/NAME</c> has the ports of one in the guest, <c>there/NAME</c> of one in the registry, <c>run/NAME</c> its program. It is called several times at
    /// once: so each call appends one line, or writes a file of its own and gives it its name.
    /// </summary>
    private const string Engine = """
        #!/bin/sh
        put() { cat >"$1.$$" && mv "$1.$$" "$1"; }
        echo "$*" >>"$STAND/calls"
        for last; do :; done
        name=$(echo "$last" | tr '/:' '__')
        case "$1 ${2-}" in
          'info '*) echo x >>"$STAND/asked"; [ "$(wc -l <"$STAND/asked")" -gt "$(cat "$STAND/deaf")" ] || { echo 'no daemon' >&2; exit 1; } ;;
          'network create') [ ! -e "$STAND/no-network" ] || { echo 'no network here' >&2; exit 1; } ;;
          'network inspect') exit 1 ;;
          'image inspect')
            format=$4 code=0
            shift 4
            for one; do
              name=$(echo "$one" | tr '/:' '__')
              [ -e "$STAND/here/$name" ] || { code=125; continue; }
              case $format in *RepoTags*) printf '%s:latest | ' "$one" ;; esac
              cat "$STAND/here/$name"
              echo
            done
            exit "$code" ;;
          'pull '* | '--config '*)
            if [ -e /run/vmx-services/config.json ]; then
              put "$STAND/login" </run/vmx-services/config.json
              stat -c %a /run/vmx-services/config.json | put "$STAND/mode"
            fi
            [ -e "$STAND/there/$name" ] || { printf 'registry: no\nsuch image\n' >&2; exit 125; }
            put "$STAND/here/$name" <"$STAND/there/$name" ;;
          'run '*)
            container= pid=/dev/null inside=
            while [ $# -gt 0 ]; do
              case $1 in
                --name) container=$2 ;;
                --env-file) put "$STAND/$container.env" <"$2" ;;
                --pidfile) pid=$2 ;;
                --network) case $2 in ns:*) inside="nsenter --net=${2#ns:}" ;; esac ;;
                docker.io/* ) name=$(echo "$1" | tr '/:' '__'); break ;;
              esac
              shift
            done
            [ -e "$STAND/run/$name" ] || { echo 'no such program' >&2; exit 127; }
            $inside sh "$STAND/run/$name" >"$STAND/$container.log" 2>&1 </dev/null &
            echo $! | tee "$STAND/$container.pid" >"$pid"
            echo 0123456789ab ;;
          'inspect '*)
            case $3 in
              *ExitCode*) echo 3 ;;
              *) echo "$(cat "$STAND/$last.pid") $(cat "$STAND/address")" ;;
            esac ;;
          'logs '*) cat "$STAND/$last.log" ;;
        esac
        """;

    private const string Namespaces = """
        mount -t tmpfs vmx-test /run
        cp /etc/hosts /run/hosts
        mount --bind /run/hosts /etc/hosts
        resolv=$(realpath -m /etc/resolv.conf)
        mkdir -p "${resolv%/*}"
        [ -e "$resolv" ] || : >"$resolv"
        mount --bind "$STAND/resolv.conf" "$resolv"
        ip link set lo up
        "$@"
        cp /etc/hosts "$STAND/hosts"
        [ ! -e /run/vmx-services ] || echo left >"$STAND/left"
        """;

    /// <summary>Long, for a busy machine; it is waited out only where a port is not open or not reached.</summary>
    private TimeSpan _wait = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-services-").FullName;

    public static TheoryData<string[]> Shells { get; } = new([["dash"], ["busybox", "sh"], ["bash"]]);

    [Theory(Timeout = HangLimit)]
    [MemberData(nameof(Shells))]
    public async Task A_service_is_up_when_a_port_is_open_and_the_guest_knows_its_names(string[] shell)
    {
        Image("web", "8080/udp 8080/tcp", "exec busybox httpd -f -p 8080");

        var said = await RunAsync(shell, Service("web") with { Wanted = new JobService { Image = "web", Variables = Variables(("A", "two 'words' $HOME"), ("B", "1\n2")) } });

        said.Should().Equal("engine podman", "0 started 198.18.1.2", "0 up 8080", "done");
        (await ReadAsync("hosts")).Should().Contain("\n198.18.1.2 web w\n");
        (await ReadAsync("vmx-service-0.env")).Should().Be("A=two 'words' $HOME\n");
        (await ReadAsync("calls")).Should().Contain("--env B=1\n2").And.Contain("run --detach --name vmx-service-0 --log-driver json-file ").And.NotContain("pull");
        File.Exists(In("left")).Should().BeFalse();
    }

    [Theory(Timeout = HangLimit)]
    [MemberData(nameof(Shells))]
    public async Task Each_policy_is_tried_in_its_order_and_the_registrys_words_are_told(string[] shell)
    {
        Image("web", "", "sleep 600");
        File.Move(In("here/docker.io_web"), In("there/docker.io_web"));
        Image("old", "", "sleep 600");

        var said = await RunAsync(
            shell,
            Service("web"),
            Service("none", 1),
            Service("none", 2) with { PullPolicies = [PullPolicy.Never] },
            Service("old", 3) with { PullPolicies = [PullPolicy.Always, PullPolicy.IfNotPresent] });

        said.Should().Contain(["0 up", "1 not-pulled registry: no such image", "2 not-pulled the image is not in the guest, and pull_policy is never", "3 up", "done"]);
    }

    [Theory(Timeout = HangLimit)]
    [MemberData(nameof(Shells))]
    public async Task A_service_that_does_not_come_up_is_told_with_its_reason_and_its_last_lines(string[] shell)
    {
        _wait = TimeSpan.FromSeconds(5);
        Image("ended", "8081/tcp", "echo one; echo two");
        Image("deaf", "8082/tcp 8083/tcp", "exec sleep 600");
        Image("inside", "8084/tcp", "exec busybox httpd -f -p 127.0.0.1:8084");
        Image("broken", "8085/tcp", null);

        var said = await RunAsync(shell, Service("ended"), Service("deaf", 1), Service("inside", 2), Service("broken", 3));

        said.Should().Contain(
            [
                "0 down it ended with exit code 3", "0 log one", "0 log two", "1 down none of its ports was open after 5 s: 8082 8083", "2 down none of its ports was open after 5 s: 8084",
                "3 not-started no such program", "done",
            ]);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_port_that_is_open_and_not_reached_is_told_as_that()
    {
        _wait = TimeSpan.FromSeconds(5);
        Image("web", "8080/tcp", "exec busybox httpd -f -p 8080");
        await File.WriteAllTextAsync(In("address"), "192.0.2.1", TestContext.Current.CancellationToken);

        (await RunAsync(["dash"], Service("web"), ServiceEngine.Docker)).Should().Contain("0 down its port 8080 is open in its container, and the guest does not reach it at 192.0.2.1 after 5 s");
    }

    [Fact(Timeout = HangLimit)]
    public async Task The_port_of_a_variable_counts_in_place_of_the_images()
    {
        Image("web", "1/tcp", "exec busybox httpd -f -p 9000");

        (await RunAsync(["dash"], Service("web") with { Wanted = new JobService { Image = "web", Variables = Variables(("HEALTHCHECK_TCP_PORT", "9000")) } })).Should().Contain("0 up 9000");
    }

    [Theory(Timeout = HangLimit)]
    [MemberData(nameof(Shells))]
    public async Task Logins_are_in_a_file_of_root_while_images_are_fetched(string[] shell)
    {
        Image("web", "", "sleep 600");
        File.Move(In("here/docker.io_web"), In("there/docker.io_web"));

        var said = await RunAsync(shell, new ServicePlan([Service("web")], RegistryLogins.TryParse("""{"auths": {"docker.io": {"auth": "c2VjcmV0"}}}""")!));

        said.Should().Contain("0 up");
        (await ReadAsync("login")).Should().Be("""{"auths":{"docker.io":{"auth":"c2VjcmV0"}}}""");
        (await ReadAsync("mode")).Should().Be("600\n");
        (await ReadAsync("calls")).Should().NotContain("c2VjcmV0");
        File.Exists(In("left")).Should().BeFalse();
    }

    [Fact(Timeout = HangLimit)]
    public async Task Docker_is_waited_for_until_its_daemon_answers()
    {
        Image("web", "", "sleep 600");
        await File.WriteAllTextAsync(In("deaf"), "2", TestContext.Current.CancellationToken);

        (await RunAsync(["dash"], Service("web"), engine: ServiceEngine.Docker)).Should().Equal("engine docker", "0 started 127.0.0.1", "0 up", "done");
        (await File.ReadAllLinesAsync(In("asked"), TestContext.Current.CancellationToken)).Should().HaveCount(3);
    }

    [Fact(Timeout = HangLimit)]
    public async Task An_engine_without_a_network_works_for_no_service()
    {
        await File.WriteAllTextAsync(In("no-network"), "", TestContext.Current.CancellationToken);

        (await RunAsync(["dash"], Service("web"), ServiceEngine.Docker)).Should().Equal("engine docker", "engine-fails no network here");
    }

    [Theory(Timeout = HangLimit)]
    [MemberData(nameof(Shells))]
    public async Task Podmans_services_of_one_port_have_addresses_of_their_own_and_each_is_told_the_names_of_all(string[] shell)
    {
        Image("web", "8080/tcp", "exec busybox httpd -f -p 8080");
        Image("other", "8080/tcp", "exec busybox httpd -f -p 8080");

        var said = await RunAsync(shell, Service("web"), Service("other", 1));

        said.Should().Contain(["0 started 198.18.1.2", "1 started 198.18.1.3", "0 up 8080", "1 up 8080"]);
        (await ReadAsync("hosts")).Should().Contain("\n198.18.1.2 web w\n").And.Contain("\n198.18.1.3 other o\n");
        (await File.ReadAllLinesAsync(In("calls"), TestContext.Current.CancellationToken)).Where(call => call.StartsWith("run ", StringComparison.Ordinal)).Should().HaveCount(2)
            .And.OnlyContain(call => call.Contains(" --add-host web:198.18.1.2 --add-host w:198.18.1.2 --add-host other:198.18.1.3 --add-host o:198.18.1.3 "));
        (await ReadAsync("calls")).Should().NotContain("network create");
    }

    [Theory(Timeout = HangLimit)]
    [InlineData("nameserver 127.0.0.1\n")]
    [InlineData("nameserver ::1\nnameserver 192.0.2.1\n")]
    public async Task Podman_makes_the_network_where_the_guests_name_server_is_on_its_loopback(string servers)
    {
        Image("web", "8080/tcp", "exec busybox httpd -f -p 8080");
        await File.WriteAllTextAsync(In("resolv.conf"), servers, TestContext.Current.CancellationToken);

        (await RunAsync(["dash"], Service("web"))).Should().Equal("engine podman", "0 started 127.0.0.1", "0 up 8080", "done");

        (await ReadAsync("calls")).Should().Contain("network create vmx-services\n").And.Contain(" --network vmx-services --network-alias w --network-alias web ");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_template_fetches_images_and_runs_none_of_their_programs()
    {
        Image("web", "8080/tcp", $"echo ran >{In("ran")}");
        File.Move(In("here/docker.io_web"), In("there/docker.io_web"));

        (await RunAsync(["dash"], Service("web") with { IsFetchedOnly = true, PullPolicies = [PullPolicy.Always] })).Should().Equal("engine podman", "0 up", "done");

        (await ReadAsync("calls")).Should().MatchRegex("run --rm --name vmx-service-0 .*--entrypoint /vmx-none docker.io/web\nrm --force vmx-service-0\n");
    }

    public ServiceScriptTests()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        foreach (var name in new[] { "bin", "here", "there", "run" })
        {
            Directory.CreateDirectory(In(name));
        }

        foreach (var name in new[] { "podman", "docker" })
        {
            ProgramFile.Write(In($"bin/{name}"), Engine);
        }

        File.WriteAllText(In("deaf"), "0");
        File.WriteAllText(In("resolv.conf"), "nameserver 192.0.2.1\n");
        File.WriteAllText(In("address"), "127.0.0.1");
        File.WriteAllText(In("calls"), "");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static PlannedService Service(string name, int number = 0) => new(number, new JobService { Image = name }, $"docker.io/{name}", [name, name[..1]], [PullPolicy.IfNotPresent]);

    private static Dictionary<string, string> Variables(params (string Name, string Value)[] variables) => variables.ToDictionary(one => one.Name, one => one.Value);

    private void Image(string name, string ports, string? program)
    {
        File.WriteAllText(In($"here/docker.io_{name}"), ports);
        if (program is not null)
        {
            File.WriteAllText(In($"run/docker.io_{name}"), program);
        }
    }

    private Task<IReadOnlyList<string>> RunAsync(string[] shell, params PlannedService[] services) => RunAsync(shell, new ServicePlan(services, RegistryLogins.None));

    private Task<IReadOnlyList<string>> RunAsync(string[] shell, PlannedService service, ServiceEngine engine) => RunAsync(shell, new ServicePlan([service], RegistryLogins.None), engine);

    /// <summary>The lines of the guest without the word in front. All that the script has started ends with the namespaces.</summary>
    private async Task<IReadOnlyList<string>> RunAsync(string[] shell, ServicePlan plan, ServiceEngine engine = ServiceEngine.Podman)
    {
        Prerequisite.Require(Environment.IsPrivilegedProcess, "only root can make namespaces");
        var start = new ProcessStartInfo("unshare", ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", Namespaces, "sh", .. shell])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{In("bin")}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["STAND"] = _directory;
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(ServiceScript.For(plan, new ServiceSettings { Engine = engine, Wait = _wait }));
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        (await error).Should().BeEmpty();
        return [.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[ServiceFacts.Word.Length..].TrimEnd())];
    }

    private Task<string> ReadAsync(string name) => File.ReadAllTextAsync(In(name), TestContext.Current.CancellationToken);

    private string In(string name) => Path.Combine(_directory, name);
}
