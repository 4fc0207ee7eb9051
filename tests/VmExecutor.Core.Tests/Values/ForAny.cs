using FsCheck;
using FsCheck.Fluent;

namespace VmExecutor.Core.Tests.Values;

/// <summary>Runs a property over many generated values; a counterexample fails the test with the seed that finds it again.</summary>
internal static class ForAny
{
    public static void Value<T>(Gen<T> values, Action<T> assertion) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300).WithQuietOnSuccess(true), Prop.ForAll(values.ToArbitrary(), assertion));
}
