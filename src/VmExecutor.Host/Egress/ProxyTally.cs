using VmExecutor.Core.Egress;

namespace VmExecutor.Host.Egress;

/// <summary>Counts what a guest asks the proxy for. Different destinations are bounded by <see cref="EgressNotes.Most"/>.</summary>
internal sealed class ProxyTally(EgressPolicy policy)
{
    private readonly Lock _lock = new();
    private EgressNotes _notes = EgressNotes.None(policy);

    public void Allowed(string name) => Add(EgressNotes.None(policy) with { Allowed = new(StringComparer.Ordinal) { [name] = 1 } });

    public void Refused(string destination) => Add(EgressNotes.None(policy) with { Refused = new(StringComparer.Ordinal) { [destination] = 1 } });

    public EgressNotes Take()
    {
        lock (_lock)
        {
            var notes = _notes;
            _notes = EgressNotes.None(policy);
            return notes;
        }
    }

    private void Add(EgressNotes one)
    {
        lock (_lock)
        {
            _notes = one.And(_notes);
        }
    }
}
