using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>The same where bash runs the wrapper itself.</summary>
public sealed class ScriptRunInBashTests(SshdFixture sshd) : ScriptRunTests(sshd)
{
    protected override LoginShell LoginShell => LoginShell.Bash;
}

/// <inheritdoc cref="ScriptRunInBashTests"/>
public sealed class ScriptCancelInBashTests(SshdFixture sshd) : ScriptCancelTests(sshd)
{
    protected override LoginShell LoginShell => LoginShell.Bash;
}

/// <inheritdoc cref="ScriptRunInBashTests"/>
public sealed class ConnectionLossInBashTests(SshdFixture sshd) : ConnectionLossTests(sshd)
{
    protected override LoginShell LoginShell => LoginShell.Bash;
}
