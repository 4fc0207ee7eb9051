using System.Collections;
using System.Reflection;
using System.Text.Json.Nodes;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration.Reference;

/// <summary>Each option is declared once: a key and its property belong together, and neither is without the other.</summary>
public sealed class DeclarationTests
{
    private static readonly AbsolutePath File = new("/etc/vm/file.yaml");

    /// <summary>The driver sets these itself.</summary>
    private static readonly string[] NoOptions = ["Settings.File", "Settings.Images", "ImageDefinition.File"];

    /// <summary>Keys without a property: the images' directory is needed before there are settings, and 'source' only says which other keys hold.</summary>
    private static readonly string[] NoProperty = ["images_dir", "source"];

    [Fact]
    public void Every_property_of_the_records_is_set_by_exactly_one_key()
    {
        var setBy = Effects(Settings.Keys).Concat(Effects(ImageDefinition.Keys)).Concat(Effects(WarmSize.Keys)).ToList();

        setBy.Where(effect => effect.Properties.Count != 1).Select(effect => effect.Path).Should().Equal(NoProperty);
        var keys = setBy.Where(effect => effect.Properties.Count == 1).ToLookup(effect => effect.Properties[0], effect => effect.Path);
        keys.Where(property => property.Count() > 1).Should().ContainSingle("a checksum is one of two").Which.Should().Equal("sha256", "sha512");
        keys.Select(property => property.Key).Should().BeEquivalentTo(
            new[] { typeof(Settings), typeof(ImageDefinition), typeof(WarmSize) }.SelectMany(PropertiesOf).Except(NoOptions));
    }

    [Fact]
    public void Every_key_reads_the_property_that_it_sets()
    {
        foreach (var section in Sections())
        {
            typeof(DeclarationTests).GetMethod(nameof(CheckGet), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(section.GetType().GenericTypeArguments).Invoke(null, [section]);
        }
    }

    [Fact]
    public void Every_condition_names_a_neighbour_and_a_value_that_it_can_have()
    {
        foreach (var section in Sections())
        {
            foreach (var condition in section.Keys.Select(key => key.OnlyWith).OfType<Condition>())
            {
                var neighbour = (ScalarKind)section.Find(condition.Key)!.Kind;
                condition.Values.Select(value => neighbour.Read(Text(value)).Problem).OfType<string>().Should().BeEmpty("'{0}' is asked for these", condition.Key);
            }
        }
    }

    [Fact]
    public void One_declaration_gives_the_value_its_errors_its_default_the_schema_and_the_reference()
    {
        var mapping = new Section<Sample>(new())
            .Key("cups", Kinds.WholeNumber(1, 9), "Cups that are made.", "3", it => it.Cups, (it, value) => it with { Cups = value });

        Bind("cups: 7").Should().Be((new Sample { Cups = 7 }, ""));
        Bind("").Should().Be((new Sample { Cups = 2 }, ""));
        Bind("cups: 10").Errors.Should().Be("/etc/vm/file.yaml:1:7: cups: 10 is out of range; write 1 to 9");
        Bind("cpus: 4").Errors.Should().Be("/etc/vm/file.yaml:1:1: cpus: is unknown; did you mean 'cups'?");
        KeyTable.Of(mapping.Keys).Should().EndWith("| `cups` | whole number, 1 to 9 | `2` | Cups that are made. | `cups: 3` |\n");
        var schema = JsonNode.Parse(JsonSchema.Of(mapping, "sample"))!["properties"]!["cups"]!;
        schema.ToJsonString().Should().Be("""{"description":"Cups that are made.","default":2,"examples":[3],"type":"integer","minimum":1,"maximum":9}""");

        (Sample Value, string Errors) Bind(string yaml)
        {
            var errors = new ErrorList([]);
            var values = new BoundValues(Position.StartOf(File));
            new SectionReader(File, errors).Read(YamlReader.Read(new ConfigurationText(File, yaml), errors)!, mapping, values);
            return (mapping.Bind(mapping.Blank, values), string.Join('\n', errors.Found));
        }
    }

    /// <summary>Every table of keys: each is beside the record that it fills.</summary>
    private static List<Section> Sections()
    {
        var sections = typeof(Settings).Assembly.GetTypes()
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic))
            .Where(field => field.FieldType.IsAssignableTo(typeof(Section)))
            .Select(field => (Section)field.GetValue(null)!)
            .ToList();
        sections.Should().Contain([Settings.Keys, ImageDefinition.Keys, LimitSettings.Keys]);
        return sections;
    }

    private static void CheckGet<T>(Section<T> section)
    {
        foreach (var key in section.Own.Where(key => key.Kind is not Section && !NoProperty.Contains(key.Name)))
        {
            var values = Around(section, "", key);
            values.Add(key.Name, Example(key));

            var got = key.Get(section.Bind(section.Blank, values));
            if (key.Kind is ScalarKind)
            {
                got.Should().Be(values.Find(key.Name)!.Value, "'{0}' was set to it", key.Name);
            }
            else if (key.Kind is OneOrMoreKind)
            {
                got.Should().BeAssignableTo<IEnumerable>().Which.Should().BeEquivalentTo((IEnumerable)values.Find(key.Name)!.Value!, "'{0}' was set to it", key.Name);
            }
        }
    }

    /// <summary>For each key, at any depth, the properties that differ when it has the value of its example.</summary>
    private static IEnumerable<(string Path, IReadOnlyList<string> Properties)> Effects<T>(Section<T> root)
    {
        return Below(root, "");

        IEnumerable<(string, IReadOnlyList<string>)> Below(Section section, string prefix) => section.Keys.SelectMany(key => key.Kind switch
        {
            Section when key.Name == "defaults" => [],
            Section inner => Below(inner, $"{prefix}{key.Name}."),
            _ => [(prefix + key.Name, (IReadOnlyList<string>)Changed(section, prefix, key))],
        });

        List<string> Changed(Section section, string prefix, Key key)
        {
            var values = Around(section, prefix, key);
            var before = Facts(root.Bind(root.Blank, values)!);
            values.Add(prefix + key.Name, Example(key));
            return [.. Facts(root.Bind(root.Blank, values)!).Except(before).Select(fact => fact.Property)];
        }
    }

    /// <summary>The keys that must stand beside the key: those of its condition, and those that are required then. The key itself has another value if it is required.</summary>
    private static BoundValues Around(Section section, string prefix, Key key)
    {
        var values = new BoundValues(Position.StartOf(File));
        for (var next = key; next?.OnlyWith is { } condition; next = section.Find(condition.Key))
        {
            var neighbour = section.Find(condition.Key)!;
            values.Add(prefix + neighbour.Name, condition.Values.Count == 0 ? Example(neighbour) : Value((ScalarKind)neighbour.Kind, condition.Values[0]));
        }

        foreach (var required in section.Keys.Where(other => other.Required && other.OnlyWith?.IsMet(section, values, prefix) == true))
        {
            values.Add(prefix + required.Name, Value((ScalarKind)required.Kind, required.Example + "2"));
        }

        return values;
    }

    private static BoundValue Example(Key key) => key.Kind switch
    {
        OneOrMoreKind list => Bound(new List<object> { Value(list.Item, key.Example).Value! }, key.Example),
        ListOfKind list => Bound(new List<object> { Mapping(list.Item) }, ""),
        _ => Value((ScalarKind)key.Kind, key.Example),
    };

    private static BoundValues Mapping(Section section)
    {
        var values = new BoundValues(Position.StartOf(File));
        values.Add(section.Keys[0].Name, Example(section.Keys[0]));
        return values;
    }

    private static BoundValue Value(ScalarKind kind, string text)
    {
        var reading = kind.Read(Text(text));
        reading.Problem.Should().BeNull();
        return Bound(reading.Value!, text);
    }

    private static BoundValue Bound(object value, string text) => new(value, text, Position.StartOf(File), Position.StartOf(File));

    private static ScalarText Text(string text) => new(text, Quoted: false, File.Parent());

    /// <summary>The properties of a record and of the records in it, with their values; what is not there has none.</summary>
    private static IEnumerable<(string Property, string Value)> Facts(object record) => record.GetType().GetProperties()
        .Select(property => (Property: property, Value: property.GetValue(record) ?? (property.PropertyType == typeof(HookSettings) ? HookSettings.None : property.PropertyType == typeof(ServiceVmSettings) ? ServiceVmSettings.None : null)))
        .Where(fact => fact.Value is not (null or "") && fact.Value != (object)Checksum.Unset)
        .SelectMany(fact => IsRecordOfOptions(fact.Property.PropertyType)
            ? Facts(fact.Value!)
            : [(Name(fact.Property), fact.Value is IEnumerable list and not string ? string.Join('\n', list.Cast<object>()) : fact.Value!.ToString()!)]);

    /// <summary>The same for all there can be.</summary>
    private static IEnumerable<string> PropertiesOf(Type record) => record.IsAbstract
        ? record.GetNestedTypes().Where(type => type.IsAssignableTo(record) && !type.IsAbstract).SelectMany(PropertiesOf).Distinct()
        : record.GetProperties().SelectMany(property => IsRecordOfOptions(property.PropertyType) ? PropertiesOf(property.PropertyType) : [Name(property)]);

    private static bool IsRecordOfOptions(Type type) => type.Namespace == typeof(Settings).Namespace && type.IsClass;

    private static string Name(PropertyInfo property) => $"{property.DeclaringType!.Name}.{property.Name}";

    private sealed record Sample
    {
        public int Cups { get; init; } = 2;
    }
}
