namespace VmExecutor.Core.Guests;

/// <summary>
/// Names one run of one script: 128 random bits as 32 hex digits. In the guest it is the files' names, the run's mark in the
/// environment of everything it starts, and what no output contains by accident.
/// </summary>
public sealed record RunToken
{
    private const int Bytes = 16;

    public RunToken(ReadOnlySpan<byte> random)
    {
        Value = random.Length == Bytes
            ? Convert.ToHexStringLower(random)
            : throw new ArgumentException($"a run token is made of {Bytes} random bytes", nameof(random));
    }

    public string Value { get; }

    public override string ToString() => Value;
}
