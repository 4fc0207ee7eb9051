using System.Globalization;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>Two guests with the same host key and login key, each with a home and a temporary directory of its own, as clones of one image.</summary>
public sealed class TwinFixture : SshdFixture
{
    private int _port;

    /// <summary>The address at which the second one answers.</summary>
    public GuestAddress Twin => new("127.0.0.1", _port);

    /// <summary>The directory of the second one's files.</summary>
    public string TwinHome => In("twin");

    /// <summary>The directory of the first one's files.</summary>
    public string OwnHome => In("own");

    protected override string MoreConfiguration()
    {
        _port = FreePort();
        Directory.CreateDirectory(TwinHome);
        Directory.CreateDirectory(OwnHome);
        var other = Variables.Replace($"TMPDIR={TemporaryDirectory}", "", StringComparison.Ordinal);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            ListenAddress 127.0.0.1:{_port}
            Match LocalPort {Port}
                SetEnv HOME={OwnHome} TMPDIR={OwnHome} {other}
            Match LocalPort {_port}
                SetEnv HOME={TwinHome} TMPDIR={TwinHome} {other}

            """);
    }
}
