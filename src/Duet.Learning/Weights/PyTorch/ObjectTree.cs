using System.Globalization;
using System.Numerics;

namespace Duet.Learning.Weights.PyTorch;

/// <summary>What a saved object holds, each under the keys that lead to it.</summary>
/// <param name="Tensors">Its tensors by name, checked.</param>
/// <param name="Values">Its first plain values.</param>
/// <param name="ValueCount">How many plain values there are.</param>
internal sealed record ObjectTree(IReadOnlyList<KeyValuePair<string, PickleTensor>> Tensors, IReadOnlyList<StoredValue> Values, int ValueCount)
{
    private const int MaximumValues = 200;
    private const int MaximumDepth = 32;
    private const int MaximumVisits = 4_000_000;
    private const int MaximumName = 1024;
    private const int ShownText = 60;

    /// <summary>
    /// Walks an object. A few bytes of a pickle can refer to one list again and again, in itself too: depth, visits and the length of all names
    /// are bounded, and names are only made where they are kept.
    /// </summary>
    /// <param name="layout">The object.</param>
    /// <param name="source">What to call the file in errors.</param>
    /// <exception cref="WeightsException">A tensor is impossible, two have one name, or a bound is exceeded.</exception>
    public static ObjectTree Of(CheckpointLayout layout, string source)
    {
        var tensors = new List<KeyValuePair<string, PickleTensor>>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var values = new List<StoredValue>();
        var (count, visits) = (0, 0);
        var characters = (1 << 20) + (16 * layout.PickleBytes);
        Walk(layout.Root, null, 0);
        return new ObjectTree(tensors, values, count);

        void Walk(object? value, Place? place, int depth)
        {
            if (++visits > MaximumVisits || depth > MaximumDepth)
            {
                throw PyTorchFormat.Refused(source, visits > MaximumVisits ? $"its object has more than {MaximumVisits} parts" : $"its object is nested more than {MaximumDepth} deep, or holds itself");
            }

            switch (value)
            {
                case PickleTensor tensor:
                    var name = Place.NameOf(place);
                    characters -= name.Length;
                    if (name.Length > MaximumName || characters < 0)
                    {
                        throw PyTorchFormat.Refused(source, $"a tensor's name has more than {MaximumName} characters, or all of them together are longer than its description");
                    }

                    if (!names.Add(name))
                    {
                        throw PyTorchFormat.Refused(source, $"it names '{SafeTensorsHeader.Shown(name)}' twice");
                    }

                    tensors.Add(new(name, tensor.Checked(name, source)));
                    break;
                case PickleDictionary dictionary:
                    for (var i = 0; i < dictionary.Pairs.Count; i++)
                    {
                        Walk(dictionary.Pairs[i].Value, new Place(place, dictionary.Pairs[i].Key, i), depth + 1);
                    }

                    break;
                case PickleList or PickleTuple:
                    IReadOnlyList<object?> items = value is PickleList list ? list.Items : ((PickleTuple)value).Items;
                    for (var i = 0; i < items.Count; i++)
                    {
                        Walk(items[i], new Place(place, (long)i, i), depth + 1);
                    }

                    break;
                default:
                    if (values.Count < MaximumValues)
                    {
                        values.Add(new StoredValue(SafeTensorsHeader.Shown(Place.NameOf(place)), Show(value)));
                    }

                    count++;
                    break;
            }
        }
    }

    private static string Show(object? value) => value switch
    {
        null => "None",
        bool b => b ? "True" : "False",
        long n => n.ToString(CultureInfo.InvariantCulture),
        double d => d.ToString(CultureInfo.InvariantCulture),
        BigInteger big => big.ToString(CultureInfo.InvariantCulture),
        string text => $"'{SafeTensorsHeader.Shown(text.Length > ShownText ? text[..ShownText] + "..." : text)}'",
        byte[] bytes => $"{bytes.Length} bytes",
        KnownName type => $"the type {type.FullName}",
        PickleOther other => other.What,
        PickleStorage storage => $"a storage of {storage.Elements} elements",
        _ => throw new InvalidOperationException($"a pickle does not make {value.GetType()}"),
    };

    /// <summary>Where a value is: under which key of what.</summary>
    /// <param name="Parent">What holds it; null for the object itself.</param>
    /// <param name="Key">Its key.</param>
    /// <param name="Index">Its number there.</param>
    private sealed record Place(Place? Parent, object? Key, int Index)
    {
        /// <summary>The keys that lead there, with points between; cut behind the longest name, so that one that is too long stays so.</summary>
        public static string NameOf(Place? place)
        {
            var keys = new Stack<string>();
            var characters = 0;
            for (var at = place; at is not null; at = at.Parent)
            {
                var key = at.Key switch
                {
                    string text => text.Length > MaximumName ? text[..(MaximumName + 1)] : text,
                    long number => number.ToString(CultureInfo.InvariantCulture),
                    _ => $"[{at.Index.ToString(CultureInfo.InvariantCulture)}]",
                };
                keys.Push(key);
                characters += key.Length + 1;
                if (characters > MaximumName + 1)
                {
                    break;
                }
            }

            return string.Join('.', keys);
        }
    }
}
