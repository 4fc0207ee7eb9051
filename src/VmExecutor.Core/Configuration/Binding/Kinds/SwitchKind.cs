namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>True or false, in YAML 1.2's own words only: in YAML 1.1 <c>no</c> was false, in 1.2 it is text.</summary>
internal sealed record SwitchKind() : ScalarKind("true or false")
{
    public override Reading Read(ScalarText scalar) => scalar switch
    {
        { Text: "true" or "false", Quoted: true } =>
            Reading.Wrong($"'{scalar.Text}' is text because of its quotes; write {scalar.Text} without quotes"),
        { Text: "true" } => Reading.Of(true),
        { Text: "false" } => Reading.Of(false),
        _ => Reading.Wrong($"{Quote.Text(scalar.Text)} is neither true nor false; write true or false"),
    };
}
