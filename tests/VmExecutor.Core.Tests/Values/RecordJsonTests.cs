using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Tests.Clones;
using Xunit;

namespace VmExecutor.Core.Tests.Values;

/// <summary>Records that a full disk, a power failure or a person has damaged: nothing comes out of them that the code behind does not expect.</summary>
public sealed class RecordJsonTests
{
    private const string Removed = "\"removed\":\"2026-11-27T20:00:00+00:00\"";

    [Fact]
    public void A_line_of_the_ledger_without_its_lists_is_counted()
    {
        var entry = LedgerEntry.TryParse($$"""{"job":"a","result":"success","removed_by":"gc",{{Removed}},"cleanup_seconds":1,"removed_parts":[]}""")!;

        entry.Prepare.Should().BeEmpty();
        entry.Scripts.Should().BeEmpty();
        FluentActions.Invoking(() => MetricTotals.Empty().Count(entry)).Should().NotThrow();
    }

    [Fact]
    public void A_null_in_a_list_makes_a_record_none()
    {
        LedgerEntry.TryParse($$"""{"job":"a","result":"success","removed_by":"gc",{{Removed}},"cleanup_seconds":1,"removed_parts":[null]}""").Should().BeNull();
        KeptJob.TryParse("""{"key":"a","job_id":1,"image":"b","kept":"2026-11-27T20:00:00+00:00","expires":"2026-11-27T20:00:00+00:00","scripts":[null]}""").Should().BeNull();
        StandbyReport.TryParse("""{"read":"2026-11-27T20:00:00+00:00"}""").Should().BeNull("its list is missing");
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("-1e999")]
    [InlineData("1e308")]
    [InlineData("\"NaN\"")]
    public void A_number_that_cannot_be_added_to_others_or_written_again_makes_a_record_none(string seconds)
    {
        ScriptRecord.TryParse($$"""{"sub_stage":"a","seconds":{{seconds}},"exit_code":0,"failure":null}""").Should().BeNull();
        LedgerEntry.TryParse($$"""{"job":"a","result":"success","removed_by":"gc",{{Removed}},"cleanup_seconds":{{seconds}},"removed_parts":[]}""").Should().BeNull();
        ScriptRecord.TryParse("""{"sub_stage":"a","seconds":1.5e3,"exit_code":0,"failure":null}""")!.Seconds.Should().Be(1500);
    }

    [Theory]
    [InlineData("-10675199.02:48:05.4775808")]
    [InlineData("10675199.02:48:05.4775807")]
    [InlineData("x")]
    public void A_stamp_or_record_with_a_time_beyond_any_sum_is_none(string sinceBoot)
    {
        var stamp = TestPlan.Stamp(TestPlan.For(TestPlan.Image()));
        var xml = StampXml.Write(stamp);
        var json = new JobRecord { Stamp = stamp, Domain = "vmx-a", LibvirtUri = "qemu:///system", Shell = "bash" }.ToJson();
        JobRecord.TryParse(json)!.Stamp.Should().Be(stamp);

        xml.SetAttributeValue("since-boot", sinceBoot);

        StampXml.TryParse(xml.ToString()).Should().BeNull();
        JobRecord.TryParse(json.Replace("\"1.06:00:00\"", $"\"{sinceBoot}\"", StringComparison.Ordinal)).Should().BeNull();
    }

    /// <summary>
    /// The generated reader of JSON sets each property with <c>init</c>, also where the text has none: to null, and not to the initializer's value. So a default stands in
    /// the getter.
    /// </summary>
    [Fact]
    public void No_property_of_a_record_is_null_where_the_text_does_not_have_it()
    {
        var records = typeof(JobRecord).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(JsonSerializerContext)))
            .SelectMany(context => context.GetCustomAttributesData().Where(data => data.AttributeType == typeof(JsonSerializableAttribute)).Select(data => (Type)data.ConstructorArguments[0].Value!))
            .SelectMany(type => Reachable(type, [])).Distinct().ToList();

        records.Should().Contain([typeof(JobRecord), typeof(StandbyRecord), typeof(ScriptRecord)]);
        records.SelectMany(type => type.GetProperties()).Where(MayBecomeNull).Select(property => $"{property.DeclaringType!.Name}.{property.Name}").Should().BeEmpty();
    }

    private static bool MayBecomeNull(PropertyInfo property) =>
        !property.PropertyType.IsValueType
        && property.SetMethod is not null
        && property.GetCustomAttribute<JsonIgnoreAttribute>() is null
        && property.GetCustomAttribute<RequiredMemberAttribute>() is null
        && property.DeclaringType!.GetConstructors().All(constructor => constructor.GetParameters().All(parameter => parameter.Name != property.Name))
        && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.NotNull
        && property.GetMethod!.GetCustomAttribute<CompilerGeneratedAttribute>() is not null;

    private static IEnumerable<Type> Reachable(Type type, HashSet<Type> seen) => !seen.Add(type) ? []
        : type.Assembly == typeof(JobRecord).Assembly ? type.GetProperties().SelectMany(property => Reachable(property.PropertyType, seen)).Prepend(type)
        : type.GetGenericArguments().SelectMany(argument => Reachable(argument, seen));
}
