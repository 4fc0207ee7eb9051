using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.Core.Configuration.Options;

/// <summary>
/// The keys of one mapping, said once: the reader knows them from here, and so do the JSON schemas in <c>config/</c> and the
/// tables of <c>config/README.md</c>.
/// </summary>
internal abstract record Section() : ValueKind("mapping")
{
    public abstract IReadOnlyList<Key> Keys { get; }

    /// <summary>The right place of a key that is unknown here but known elsewhere, as a sentence's end; null: there is none.</summary>
    public Func<string, string?> BelongsTo { get; init; } = _ => null;

    public Key? Find(string name) => Keys.FirstOrDefault(key => key.Name == name);
}

/// <summary>
/// A mapping whose values go into a record. Each method declares one key: its name, kind, help and example, and where its value goes.
/// The default is what the record has by itself.
/// </summary>
/// <param name="Blank">The record of an empty mapping.</param>
/// <typeparam name="T">The record.</typeparam>
internal sealed record Section<T>(T Blank) : Section
{
    public IReadOnlyList<Key<T>> Own { get; private init; } = [];

    public override IReadOnlyList<Key> Keys => Own;

    /// <summary>A key with a single value.</summary>
    /// <param name="name">In <c>snake_case</c>.</param>
    /// <param name="kind">The values that it may have.</param>
    /// <param name="doc">The meaning, for the reference and for editors.</param>
    /// <param name="example">A value as it is written in YAML.</param>
    /// <param name="get">The property.</param>
    /// <param name="set">The record with another value of that property; the record itself when the value is asked for elsewhere.</param>
    /// <param name="otherwise">The effect of leaving the key out, when that is not simply the property's default.</param>
    /// <param name="required">True: there must be a value.</param>
    /// <param name="onlyWith">The condition on a neighbour under which this key has a meaning; null: it always has.</param>
    public Section<T> Key<TValue>(
        string name, ScalarKind<TValue> kind, string doc, string example, Func<T, object?> get, Func<T, TValue, T> set,
        string? otherwise = null, bool required = false, Condition? onlyWith = null) =>
        With(new Key<T>(name, kind, doc, example, get, (it, values, path) => values.Find(path)?.Value is TValue value ? set(it, value) : it)
        {
            WriteDefault = () => otherwise is null && !required ? Kinds.Written(get(Blank)) : null,
            Otherwise = otherwise,
            Required = required,
            OnlyWith = onlyWith,
        });

    /// <summary>A key with one value or a list of them.</summary>
    /// <inheritdoc cref="Key{TValue}"/>
    public Section<T> OneOrMore<TItem>(
        string name, ScalarKind<TItem> item, string doc, string example, Func<T, object?> get, Func<T, IReadOnlyList<TItem>, T> set,
        string otherwise, Condition? onlyWith = null) =>
        With(new Key<T>(name, new OneOrMoreKind(item), doc, example, get, (it, values, path) => values.Find(path)?.Value is IReadOnlyList<object> list
            ? set(it, [.. list.Cast<TItem>().Distinct()])
            : it)
        {
            Otherwise = otherwise,
            OnlyWith = onlyWith,
        });

    /// <summary>A key with a list of mappings.</summary>
    /// <inheritdoc cref="Key{TValue}"/>
    public Section<T> ListOf<TItem>(
        string name, Section<TItem> item, string doc, string example, Func<T, object?> get, Func<T, IReadOnlyList<TItem>, T> set, string otherwise) =>
        With(new Key<T>(name, new ListOfKind(item), doc, example, get, (it, values, path) => values.Find(path)?.Value is IReadOnlyList<object> list
            ? set(it, [.. list.Cast<BoundValues>().Select(mapping => item.Bind(item.Blank, mapping)).Distinct()])
            : it)
        {
            Otherwise = otherwise,
        });

    /// <summary>A key with keys of its own.</summary>
    /// <inheritdoc cref="Key{TValue}"/>
    public Section<T> Mapping<TInner>(string name, Section<TInner> inner, string doc, Func<T, TInner> get, Func<T, TInner, T> set) =>
        With(new Key<T>(name, inner, doc, "", it => get(it), (it, values, path) => set(it, inner.Bind(get(it), values, path + "."))));

    /// <summary>All keys of the other section, after those that are here already.</summary>
    public Section<T> And(Section<T> other) => this with { Own = [.. Own, .. other.Own] };

    /// <summary>The record with the values; a key that is not said, wrong, or without a meaning beside its neighbours changes nothing.</summary>
    /// <param name="record">The record.</param>
    /// <param name="values">The values that were read.</param>
    /// <param name="prefix">The path of this mapping in them with a '.' after it; empty: the values are this mapping's.</param>
    public T Bind(T record, BoundValues values, string prefix = "") =>
        Own.Aggregate(record, (it, key) => key.OnlyWith?.IsMet(this, values, prefix) == false ? it : key.Bind(it, values, prefix + key.Name));

    private Section<T> With(Key<T> key) => this with { Own = [.. Own, key] };
}
