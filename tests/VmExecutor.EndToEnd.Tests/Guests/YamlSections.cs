namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>An image's YAML to which further keys are added: a key that was there gets the later value, also one within a section.</summary>
internal sealed class YamlSections
{
    private readonly List<(string Key, string First, List<string> Lines)> _sections = [];

    public YamlSections(string yaml) => Add(yaml);

    public void Add(string yaml)
    {
        List<string>? current = null;
        foreach (var line in yaml.Split('\n').Where(line => line.Trim().Length > 0))
        {
            if (line[0] == ' ')
            {
                (current ?? throw new InvalidOperationException($"{line} belongs to no section")).RemoveAll(other => KeyOf(other) == KeyOf(line));
                current.Add(line);
                continue;
            }

            var index = _sections.FindIndex(section => section.Key == KeyOf(line));
            var lines = index >= 0 ? _sections[index].Lines : [];
            var section = (KeyOf(line), line, lines);
            if (index >= 0)
            {
                _sections[index] = section;
            }
            else
            {
                _sections.Add(section);
            }

            current = lines;
        }
    }

    public override string ToString() => string.Concat(_sections.SelectMany(section => section.Lines.Prepend(section.First)).Select(line => $"{line}\n"));

    /// <summary>With what it is indented by, so that items of a list differ from keys.</summary>
    private static string KeyOf(string line) => line.TrimStart()[0] == '-' ? line : line.Split(':')[0];
}
