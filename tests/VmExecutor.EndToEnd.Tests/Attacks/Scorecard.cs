using FluentAssertions;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>
/// The outcomes of one test's attacks. Each is also a line of the file that <c>VM_EXECUTOR_TEST_ATTACKS</c> names, of which
/// <c>tests/attacks</c> makes the table.
/// <c>tests/attacks.list</c> has all attacks by their names.
/// </summary>
internal sealed class Scorecard
{
    private const string Variable = "VM_EXECUTOR_TEST_ATTACKS";

    private readonly List<string> _wrong = [];

    /// <summary>The number of attacks that were noted.</summary>
    public int Count { get; private set; }

    /// <param name="attack">Its name in the list.</param>
    /// <param name="held">The wall held: the attack reached nothing.</param>
    /// <param name="control">The same attack succeeds where the wall is taken away. Null: the list says why it cannot be.</param>
    /// <param name="seen">The evidence, for the message of a failure.</param>
    public void Note(string attack, bool held, bool? control, string seen = "")
    {
        Count++;
        if (!held)
        {
            _wrong.Add($"{attack}: the attack succeeds. {seen}");
        }

        if (control == false)
        {
            _wrong.Add($"{attack}: the attack fails without its wall as well, so it proves nothing. {seen}");
        }

        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } file)
        {
            File.AppendAllText(file, $"{attack} {(held ? "held" : "fell")} {(control switch { true => "succeeds", false => "fails", null => "none" })}\n");
        }
    }

    /// <summary>Fails the test if a wall fell, or if an attack proves nothing.</summary>
    public void ShouldBeGreen() => string.Join('\n', _wrong).Should().BeEmpty();
}
