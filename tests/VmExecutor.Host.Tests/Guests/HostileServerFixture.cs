using System.Diagnostics;
using System.Globalization;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>
/// Beside the real sshd a server of the attacker's: it runs commands as sshd does, and with the first command of each connection opens
/// channels to the client that only an agent, a
/// forwarded port or a server may have.
/// </summary>
public sealed class HostileServerFixture : SshdFixture
{
    private const string Program = """
        import paramiko, socket, subprocess, sys, threading
        port, key, log, target = int(sys.argv[1]), paramiko.Ed25519Key(filename=sys.argv[2]), sys.argv[3], int(sys.argv[4])
        def attack(transport, tried):
            if tried.is_set():
                return
            tried.set()
            answers = []
            for kind, destination in (('auth-agent@openssh.com', None), ('forwarded-tcpip', ('localhost', 7000)), ('direct-tcpip', ('127.0.0.1', target))):
                try:
                    transport.open_channel(kind, destination, ('127.0.0.1', 1), timeout=10).close()
                    answers.append(kind + ' opened')
                except paramiko.SSHException:
                    answers.append(kind + ' refused')
            with open(log, 'a') as out:
                out.write(''.join(answer + '\n' for answer in answers + ['end']))
        def run(channel, command):
            child = subprocess.Popen(['sh', '-c', command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            def feed():
                try:
                    while data := channel.recv(65536):
                        child.stdin.write(data); child.stdin.flush()
                    child.stdin.close()
                except OSError:
                    pass
            def pump(stream, send):
                while data := stream.read1(65536):
                    send(data)
            threading.Thread(target=feed, daemon=True).start()
            pumps = [threading.Thread(target=pump, args=pair, daemon=True) for pair in ((child.stdout, channel.sendall), (child.stderr, channel.sendall_stderr))]
            [one.start() for one in pumps]
            status = child.wait()
            [one.join() for one in pumps]
            channel.send_exit_status(status if status >= 0 else 128 - status); channel.shutdown_write(); channel.close()
        class Server(paramiko.ServerInterface):
            def __init__(self, transport):
                self.transport, self.tried = transport, threading.Event()
            def check_auth_publickey(self, user, key):
                return paramiko.AUTH_SUCCESSFUL
            def get_allowed_auths(self, user):
                return 'publickey'
            def check_channel_request(self, kind, number):
                return paramiko.OPEN_SUCCEEDED
            def check_channel_env_request(self, channel, name, value):
                return True
            def check_channel_forward_agent_request(self, channel):
                return True
            def check_port_forward_request(self, address, port):
                return port
            def check_channel_exec_request(self, channel, command):
                threading.Thread(target=run, args=(channel, command.decode()), daemon=True).start()
                threading.Thread(target=attack, args=(self.transport, self.tried), daemon=True).start()
                return True
        listener = socket.create_server(('127.0.0.1', port))
        print('up', flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), listener.close(), __import__('os')._exit(0)), daemon=True).start()
        while True:
            client, _ = listener.accept()
            transport = paramiko.Transport(client)
            transport.add_server_key(key)
            try:
                transport.start_server(server=Server(transport), event=threading.Event())
            except paramiko.SSHException:
                pass
        """;

    private Process? _server;
    private int _taken;

    /// <summary>The address of the attacker's server.</summary>
    public GuestAddress Hostile { get; private set; } = new("127.0.0.1", 1);

    /// <summary>True when this host has what the server is made with.</summary>
    public static bool IsThere => File.Exists("/usr/lib/python3/dist-packages/paramiko/__init__.py");

    public string AgentSocket => In("agent.sock");

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        if (!IsThere)
        {
            return;
        }

        Hostile = new GuestAddress("127.0.0.1", FreePort());
        await File.WriteAllTextAsync(In("answers"), "");
        string[] arguments = ["-c", Program, Hostile.Port.ToString(CultureInfo.InvariantCulture), In("host"), In("answers"), Port.ToString(CultureInfo.InvariantCulture)];
        _server = Process.Start(new ProcessStartInfo("/usr/bin/python3", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await _server.StandardOutput.ReadLineAsync();
    }

    /// <summary>The client's answers on the next connection, once all are there.</summary>
    public async Task<IReadOnlyList<string>> AnswersAsync()
    {
        while (true)
        {
            var lines = (await File.ReadAllLinesAsync(In("answers")))[_taken..];
            if (Array.IndexOf(lines, "end") is >= 0 and var end)
            {
                _taken += end + 1;
                return lines[..end];
            }

            await Task.Delay(50);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            _server.StandardInput.Close();
            await _server.WaitForExitAsync();
            _server.Dispose();
        }

        await base.DisposeAsync();
    }
}
