using System.Globalization;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Guests.Preparation;
using VmExecutor.Core.Health;
using VmExecutor.Core.Images;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;
using VmExecutor.Fuzz.Tests.Engine;
using VmExecutor.GitlabCi.Artifacts;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Guests.Preparation;

namespace VmExecutor.Fuzz.Tests.Readers;

/// <summary>The readers of what a guest answers to the driver's own texts. Its administrator is the job, so it may answer anything.</summary>
internal static class AnswerReaders
{
    private const string Guest = "the guest, in which the job may be root";

    private static readonly DateTimeOffset Now = new(2026, 11, 27, 20, 0, 0, TimeSpan.Zero);

    private static readonly GuestAccess Access = new(
        new Core.Jobs.JobKey("https://gitlab.example.com", "abc", 1).Domain, new GuestAddress("127.0.0.1", 40643), new GuestUser("ci"), new AbsolutePath("/key"), new AbsolutePath("/state/jobs/x"), [], GuestShell.Bash)
    {
        Places = [GuestPlace.ForBuilds("/builds"), GuestPlace.ForCache("/cache")],
    };

    private static readonly GuestProof Proof = new GuestProof("0123456789abcdef", "52:54:00:00:00:01").InPlace("8a3c0f5e-0000-4000-8000-000000000001");

    private const string Ready =
        """
        vmx-tmp:/tmp
        vmx-place:1:make:mkdir: cannot create directory '/builds': Permission denied
        vmx-place:2:write:sh: 1: cannot create /cache/x: No space left on device
        vmx-df:2:k:/dev/vda1 8192000 8190000 0 100% /cache
        vmx-df:2:i:/dev/vda1 524288 524288 0 100% /cache
        {
         "v1": {
          "datasource": "None",
          "errors": [
           "('scripts-user', RuntimeError('x'))"
          ]
         }
        }
        vmx-cloud-init:failed
        vmx-login:bash
        vmx-boot:8a3c0f5e-0000-4000-8000-000000000001
        vmx-clock:1795809600
        vmx-ready: git

        """;

    private const string EgressLog =
        """
        Nov 27 23:32:14 dnsmasq[11591]: 1 192.0.2.1/50830 query[A] Git.example.test from 192.0.2.1
        Nov 27 23:32:14 dnsmasq[11591]: 1 192.0.2.1/50830 reply cdn.test is 192.0.2.2
        Nov 27 23:32:14 dnsmasq[11591]: 3 192.0.2.1/46219 query[A] evil.test from 192.0.2.1
        {"nftables": [{"set": {"family": "inet", "name": "refused4", "elem": [{"elem": {"val": {"concat": ["192.0.2.99", "tcp", 81]}, "counter": {"packets": 2, "bytes": 120}}}]}},
        {"set": {"name": "refused_other4", "elem": [{"concat": ["192.0.2.44", "icmp"]}]}}]}
        """;

    public static IReadOnlyList<Reader> All { get; } =
    [
        Reader.OfText("readiness", Guest, Grammar.Lines, [Ready, "vmx-place:0:write:x: Read-only file system\n"], ReadReady,
            "Core/Guests/Readiness.cs", "Core/Guests/GuestChecks.cs", "Core/Guests/PlaceCheck.cs", "Core/Guests/PlaceRoom.cs", "Core/Guests/CloudInit.cs", "Core/Guests/GuestClock.cs") with
        {
            Refuses = [ErrorCodes.GuestCannotRunScripts, ErrorCodes.GuestPlaceUnusable],
            Words = ["vmx-ready:", "vmx-place:", "vmx-df:2:k:", "vmx-clock:", "vmx-cloud-init:", "{\n", "{ ", "}\n", "\"errors\": [\"\\ud800\"]", "\n"],
        },
        Reader.OfText("cloud-init-end", Guest, Grammar.Lines, [Ready.Replace("vmx-cloud-init:failed", "vmx-cloud-init-end:1", StringComparison.Ordinal), "{\"v1\": {\"stage\": \"modules-final\"}}"], ReadCloudInit, "Core/Guests/CloudInit.cs") with
        {
            Words = ["{\n", "\n", "}", "\"\\ud800\"", "\"stage\": \"", "vmx-cloud-init-end:"],
        },
        Reader.OfText("proof", Guest, Grammar.Lines, ["vmx-card:52:54:00:00:00:01\nvmx-clone:0123456789abcdef\nvmx-boot:8a3c0f5e-0000-4000-8000-000000000001\nvmx-proof:end\n"], text => _ = (Proof.Judge(text), (Proof with { Placed = false }).Judge(text)),
            "Core/Guests/GuestProofText.cs", "Core/Guests/GuestBoot.cs") with
        {
            Words = ["vmx-card:", "vmx-clone:", "vmx-boot:", "vmx-proof:end\n"],
        },
        Reader.OfText("run-outcome", Guest, Grammar.Lines, ["vmx-boot:8a3c0f5e-0000-4000-8000-000000000001\nvmx-status:7 1234.56. there. 1240.00\n"], ReadOutcome, "Core/Guests/RunInquiry.cs", "Core/Guests/RunOutcome.cs") with
        {
            Words = ["vmx-status:", ". there. ", "99999999999999999999"],
        },
        Reader.OfText("run-end", Guest, Grammar.Lines, ["vmx-left:0\n"], text => _ = (RunEnder.ParseLeft(text), SecretRemoval.IsDone(text), GuestChecks.ParseLoginShell(text), QuotingCheck.Passed(new ScriptExit(0), text)),
            "Core/Guests/RunEnder.cs", "Core/Keeping/SecretRemoval.cs"),
        Reader.OfText(
            "identity", Guest, Grammar.Lines,
            ["vmx-identity:what-time\nvmx-identity:clock 1795809600.000000000\nvmx-identity:reseeded python3\nvmx-identity:hostname vmx-a\nvmx-identity:machine-id 0123\nvmx-identity:own-key /root/.ssh/authorized_keys\nvmx-identity:done\n"],
            ReadIdentity, "Core/Guests/Preparation/IdentityFacts.cs", "Host/Guests/Preparation/ToldClock.cs") with
        {
            Words = ["vmx-identity:clock ", "vmx-identity:what-time\n", "253402300799.999999999", "0.000000000"],
        },
        Reader.OfText(
            "egress", "the guest, by the names and addresses that it asks for", Grammar.Lines, [EgressLog], text =>
            {
                var listing = text.IndexOf("\n{", StringComparison.Ordinal) is >= 0 and var found ? found : text.Length;
                var policy = new EgressPolicy("base", false, [EgressRule.Parse(".example.test")]);
                _ = EgressReading.Read(policy, text[..listing], text[listing..], new()).And(EgressNotes.None(policy)).News(EgressNotes.None(policy)).Count;
            },
            "Core/Egress/EgressReading.cs") with
        {
            Words = ["query[A] ", " from 192.0.2.1", "reply ", " is ", "\"elem\":", "\"concat\":", "\"refused4\"", "{\"nftables\":["],
        },
        Reader.OfBytes(
            "proxy-request", "the guest, by its programs and by whatever speaks to the proxy's port", Grammar.Lines,
            [
                "CONNECT git.example.test:443 HTTP/1.1\r\nHost: git.example.test:443\r\n\r\n"u8.ToArray(),
                "CONNECT [::ffff:127.0.0.1]:443 HTTP/1.1\r\n\r\n"u8.ToArray(),
                "POST http://git.example.test:8080/a?b HTTP/1.1\r\nContent-Length: 5\r\nConnection: close, X-Own\r\nX-Own: 1\r\n\r\nhello"u8.ToArray(),
            ],
            ReadProxyRequest, "Core/Egress/ProxyRequest.cs", "Core/Egress/ProxyTarget.cs", "Core/Egress/ProxyRules.cs", "Core/Egress/ClosedAddresses.cs") with
        {
            Words = ["\r\n", "\r\n\r\n", "CONNECT ", "http://", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "[::1]", "0x7f", "127.1", "%eth0", ":65536"],
        },
        Reader.OfText(
            "services", Guest, Grammar.Lines,
            ["vmx-service:engine podman\nvmx-service:0 started 10.89.0.2\nvmx-service:1 down it ended with exit code 3\nvmx-service:1 log a line\nvmx-service:0 up 5432\nvmx-service:done\n", "vmx-service:engine none\n", "vmx-service:engine-fails no\n"],
            text =>
            {
                var facts = new ServiceFacts(2);
                text.Split('\n').ToList().ForEach(line => facts.Take(line));
            },
            "Core/Services/ServiceFacts.cs") with
        {
            Words = ["vmx-service:0 ", "vmx-service:1 log ", "vmx-service:-1 ", "vmx-service:done"],
        },
        Reader.OfText("probe", Guest, Grammar.Lines, ["vmx-clock:1795809600\nvmx-git:/usr/bin/git\nvmx-free:8190000\nvmx-runner:yes\nvmx-steps:no\nvmx-old-key:ssh-ed25519 AAAA\n"], ReadProbe, "Core/Images/ProbeChecks.cs"),
        Reader.OfText("reach", Guest, Grammar.Lines, ["vmx-reach:yes\n", "vmx-reach:no bash: connect: Connection refused\n"], ReadReach, "Core/Health/GuestRules.cs"),
        Reader.OfText(
            "login-fault", Guest, Grammar.Lines, ["This account is currently not available.\n", "Your password has expired.\n", "This service allows sftp connections only.\n"], text => throw LoginFault.Failure(Access, 1, text),
            "Core/Guests/LoginFault.cs") with
        {
            Refuses = [ErrorCodes.GuestAccountUnusable, ErrorCodes.GuestCannotRunScripts],
        },
        Reader.OfText(
            "ssh-log", "the guest's ssh server, by its banner", Grammar.Lines,
            ["debug\nci@127.0.0.1: Permission denied (publickey).\r\n", "kex_exchange_identification: Connection closed by remote host\n", "@@@@\nREMOTE HOST IDENTIFICATION HAS CHANGED\nHost key verification failed.\n"],
            text => _ = SshFailure.From(text).EndOf(Access.Address), "Host/Guests/SshFailure.cs"),
        Reader.OfText(
            "login-key", Guest, Grammar.Lines, ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnVvDTBeyXyXEOiFf6sEv0fs3+3mWtp0gWbAkMeM29V"], text => _ = (HostKey.TryParse(text, out _), GuestAddress.TryParse(text, 22, out _), GuestUser.TryParse(text, out _)),
            "Core/Guests/HostKey.cs", "Core/Configuration/Options/Kinds.HostKey.cs"),
        Reader.OfText("artifact-list", Guest, Grammar.Lines, ["./a/b\nc\n"], text => _ = text.Split('\n').Select(ArtifactScript.Plain).ToList(), "GitlabCi/Artifacts/ArtifactScript.cs"),
    ];

    private static void ReadProxyRequest(byte[] bytes)
    {
        var (request, refusal) = ProxyRequest.Read(bytes.AsSpan(0, ProxyRequest.EndOfHead(bytes) ?? bytes.Length));
        var rules = new ProxyRules(new EgressPolicy("base", false, [EgressRule.Parse(".example.test"), EgressRule.Parse("0.0.0.0/0"), EgressRule.Parse("::/0")]), new ClosedAddresses([], [], []));
        if (request is null)
        {
            _ = refusal!.ToBytes();
            return;
        }

        _ = rules.Refuses(request.Target) is { } refused ? ProxyAnswer.Refused(rules.Policy, refused).ToBytes() : [];
        if (request.Head is { } head && Encoding.Latin1.GetString(head).Split("\r\n\r\n") is not [_, ""])
        {
            throw new InvalidOperationException("the head that is passed on has not exactly one end");
        }
    }

    private static void ReadReady(string text)
    {
        _ = (GuestChecks.ParseMissing(text), GuestBoot.ParseId(text), GuestClock.Words(GuestClock.Off(text, Now, Now.AddSeconds(1))), GuestClock.Fix(GuestClock.Off(text, Now, Now)));
        var look = Readiness.Judge(Access, text);
        _ = (look.Remarks.Count, look.CloudInitErrors.Count);
    }

    private static void ReadCloudInit(string text) => _ = (CloudInit.Parse(text), CloudInit.ParseEnd(text), CloudInit.ParseStage(text), CloudInit.ParseErrors(text).Count);

    private static void ReadOutcome(string text)
    {
        if (RunInquiry.Parse(text) is { } outcome)
        {
            _ = (outcome.ToString(), GuestScriptRunner.ToExit(outcome.Status).ToString());
        }
    }

    private static void ReadIdentity(string text)
    {
        var facts = IdentityFacts.Parse(text);
        var clock = new ToldClock(new FakeTimeProvider(Now), TimeSpan.FromSeconds(10));
        foreach (var line in text.Split('\n'))
        {
            _ = clock.Answer(line);
        }

        if (facts is not null)
        {
            _ = IdentityCheck.Problems(new FreshIdentity { Hostname = "vmx-a", MachineId = "0123", Seed = Encoding.ASCII.GetBytes("seed") }, facts, clock.Step).Count;
        }
    }

    private static void ReadProbe(string text) => _ = (
        ProbeChecks.Problems(text, Now, ByteSize.FromMebibytes(512)).Count, ProbeChecks.AreOlderThanTheBoot(text, ["ssh-ed25519 AAAA"]), ProbeChecks.HasRunner(text), ProbeChecks.HasStepRunner(text));

    private static void ReadReach(string text)
    {
        _ = string.Create(CultureInfo.InvariantCulture, $"{GuestRules.Parse(text)}");
        _ = (ReachTarget.TryParse(text)?.ToString(), ReachTarget.OfUrl(text)?.ToString());
        _ = GuestRules.DecideOut("base", new ReachTarget("gitlab.example.com", 443), GuestRules.Parse(text));
    }
}
