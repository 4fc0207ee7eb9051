using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The rules between keys that a table states: what is required, and what applies only beside something else.</summary>
internal sealed class SectionRules(BoundValues values, ErrorList errors)
{
    /// <summary>Reports each key of this mapping's own that has no meaning beside the others.</summary>
    public void CheckApplicable(Section section, string prefix = "")
    {
        foreach (var key in section.Keys)
        {
            if (key.Kind is Section inner)
            {
                CheckApplicable(inner, $"{prefix}{key.Name}.");
            }
            else if (values.FindOwn(prefix + key.Name) is { } own && WhyNot(section, key, prefix) is { } reason)
            {
                errors.Add(own.KeyAt, prefix + key.Name, reason);
            }
        }
    }

    /// <summary>Reports each required key that neither this mapping nor its defaults have.</summary>
    public void CheckRequired(Section section, Section shared, string prefix = "")
    {
        foreach (var key in section.Keys)
        {
            var path = prefix + key.Name;
            var present = values.Find(path);
            if (key.Kind is Section inner)
            {
                // A section of the wrong kind has been reported; its keys are not missing as well.
                if (present is null or { Value: not null })
                {
                    CheckRequired(inner, shared, path + ".");
                }
            }
            else if (key.Required && present is null && WhyNot(section, key, prefix) is null && !IsUndecided(section, key, prefix))
            {
                errors.Add(values.Around(path), path, $"is missing; add for example '{key.Name}: {key.Example}'{Where(shared, prefix)}");
            }
        }
    }

    private static string Where(Section shared, string prefix)
    {
        var parent = prefix.TrimEnd('.');
        return parent.Length > 0 && shared.Find(parent) is not null
            ? $" under '{parent}:', here or under 'defaults:' in vm-executor.yaml"
            : "";
    }

    /// <summary>True when it cannot be told if the key applies, since the neighbour that decides it is missing or wrong.</summary>
    private bool IsUndecided(Section section, Key key, string prefix) =>
        key.OnlyWith is { } condition && section.Find(condition.Key) is { } neighbour
        && (values.Find(prefix + condition.Key) is { } found ? found.Value is null : neighbour.Default is null);

    private string? WhyNot(Section section, Key key, string prefix)
    {
        if (key.OnlyWith is not { } condition)
        {
            return null;
        }

        var found = values.Find(prefix + condition.Key);
        if (found is null && condition.Values.Count == 0)
        {
            return $"applies only together with '{condition.Key}'; add '{condition.Key}:' or remove '{key.Name}'";
        }

        // Missing without a default, or wrong: reported elsewhere.
        var actual = condition.Actual(section, values, prefix);
        return actual is null || condition.Values.Count == 0 || condition.Values.Contains(actual)
            ? null
            : $"applies only with {condition.Written}, but {condition.Key} is '{actual}'{(found is null ? " by default" : "")}; "
                + $"remove it or write {condition.Written}";
    }
}
