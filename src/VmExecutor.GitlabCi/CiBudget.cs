using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.GitlabCi;

/// <summary>
/// Limits the number of nodes that may come of one file: anchors, extends and references let a short text grow without bounds.
/// </summary>
internal sealed class CiBudget(AbsolutePath file)
{
    private const int Most = 500_000;
    private int _spent;

    /// <exception cref="SystemFailureException">It is spent.</exception>
    public void Spend(int nodes)
    {
        _spent += nodes;
        if (_spent > Most)
        {
            throw new SystemFailureException(
                ErrorCodes.GitlabCiInvalid,
                $"{file} grows by its anchors, 'extends' and '!reference' to more than {Most} values",
                "Shorten what is repeated most; GitLab would refuse it, too.");
        }
    }
}
