using VmExecutor.Core.Images;
using VmExecutor.Core.Templates;

namespace VmExecutor.Host.Templates;

/// <summary>The template that fits a clone, or the reason why there is none.</summary>
public sealed record ChosenTemplate(Template? Template, ColdReason? Reason)
{
    /// <param name="generation">The generation of the templates.</param>
    /// <param name="image">For the command that helps.</param>
    /// <param name="shape">What the clone wants.</param>
    public static ChosenTemplate For(Generation generation, string image, TemplateShape shape)
    {
        if (TemplateCatalogue.Find(TemplateCatalogue.DirectoryOf(generation).Child(shape.Fingerprint)) is not { } template)
        {
            return new ChosenTemplate(null, TemplateShapes.Explain(shape, [.. TemplateCatalogue.Of(generation).Select(other => other.Record.Shape)], image));
        }

        var damage = TemplateCatalogue.Damage(template);
        return damage.Count == 0
            ? new ChosenTemplate(template, null)
            : new ChosenTemplate(null, new ColdReason(
                "damaged", $"the template for {shape.Size} cannot be trusted: {string.Join("; ", damage)}: run 'vm-executor image warm {image}'"));
    }
}
