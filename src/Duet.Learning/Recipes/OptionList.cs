using System.Collections;

namespace Duet.Learning.Recipes;

/// <summary>
/// A list of options that is equal to another with equal elements, so that records which hold lists compare by value as records should.
/// </summary>
internal sealed class OptionList<T>(IReadOnlyList<T> items) : IReadOnlyList<T>, IEquatable<OptionList<T>>
{
    /// <inheritdoc/>
    public int Count => items.Count;

    /// <inheritdoc/>
    public T this[int index] => items[index];

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => items.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(OptionList<T>? other) => other is not null && items.SequenceEqual(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as OptionList<T>);

    /// <inheritdoc/>
    public override int GetHashCode() => items.Aggregate(items.Count, HashCode.Combine);
}

/// <summary>Makes lists of a type that is known at run time only.</summary>
internal static class OptionList
{
    /// <summary>An <see cref="OptionList{T}"/> of <paramref name="element"/>.</summary>
    public static object Of(IEnumerable<object> items, Type element)
    {
        var values = items.ToList();
        var array = Array.CreateInstance(element, values.Count);
        for (var i = 0; i < values.Count; i++)
        {
            array.SetValue(values[i], i);
        }

        return Activator.CreateInstance(typeof(OptionList<>).MakeGenericType(element), array)!;
    }
}
