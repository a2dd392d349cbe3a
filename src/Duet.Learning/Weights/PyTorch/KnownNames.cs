using System.Collections.Frozen;
using System.Text;
using static TorchSharp.torch;

namespace Duet.Learning.Weights.PyTorch;

/// <summary>A name that a pickle may ask for, and what stands for a call of it.</summary>
/// <param name="FullName">Module and name.</param>
/// <param name="Call">What its arguments become; null where it can't be called; null from it where the arguments are wrong.</param>
/// <param name="Storage">The element type, of a storage class.</param>
internal sealed record KnownName(string FullName, Func<object?[], object?>? Call = null, ScalarType? Storage = null);

/// <summary>
/// The names that a pickle may ask for: containers, tensors and plain values. Each is a record of ours; none is looked up, and nothing of
/// Python's is run. Every other name is refused.
/// </summary>
internal static class KnownNames
{
    private static readonly FrozenDictionary<string, KnownName> All = Names().ToFrozenDictionary(n => n.FullName, StringComparer.Ordinal);

    /// <summary>The entry of a name, or null.</summary>
    public static KnownName? Find(string module, string name) => All.GetValueOrDefault($"{module}.{name}");

    private static IEnumerable<KnownName> Names()
    {
        yield return new("collections.OrderedDict", Pairs);
        yield return new("collections.Counter", arguments => arguments is [PickleDictionary counts] ? counts : null);
        yield return new("collections.defaultdict", arguments => arguments is [KnownName or null] ? new PickleDictionary() : null);
        yield return new("torch._utils._rebuild_tensor", Tensor);
        yield return new("torch._utils._rebuild_tensor_v2", Tensor);
        yield return new("torch._utils._rebuild_parameter", arguments => arguments is [PickleTensor tensor, bool, ..] ? tensor : null);
        yield return new("torch.Size", arguments => arguments is [PickleTuple sizes] ? sizes : null);
        yield return new("torch.device", arguments => arguments is [string, ..] ? new PickleOther("torch.device") : null);
        yield return new("_codecs.encode", arguments => arguments is [string text, "latin1"] && text.All(c => c <= 0xff) ? Encoding.Latin1.GetBytes(text) : null);
        foreach (var module in new[] { "numpy", "numpy.core.multiarray", "numpy._core.multiarray" })
        {
            yield return module == "numpy"
                ? new($"{module}.dtype", arguments => arguments is [string, ..] ? new PickleOther("numpy.dtype") : null)
                : new($"{module}.scalar", arguments => arguments is [PickleOther { What: "numpy.dtype" }, byte[]] ? new PickleOther("a NumPy number") : null);
        }

        foreach (var module in new[] { "builtins", "__builtin__" })
        {
            yield return new($"{module}.set", Set);
            yield return new($"{module}.frozenset", Set);
            foreach (var type in new[] { "int", "float", "bool", "str", "list", "dict", "tuple" })
            {
                yield return new($"{module}.{type}");
            }
        }

        foreach (var type in new[] { "float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool" })
        {
            yield return new($"torch.{type}");
        }

        foreach (var (name, type) in new[]
        {
            ("Float", ScalarType.Float32), ("Double", ScalarType.Float64), ("Half", ScalarType.Float16), ("BFloat16", ScalarType.BFloat16),
            ("Long", ScalarType.Int64), ("Int", ScalarType.Int32), ("Short", ScalarType.Int16), ("Char", ScalarType.Int8), ("Byte", ScalarType.Byte), ("Bool", ScalarType.Bool),
        })
        {
            yield return new($"torch.{name}Storage", Storage: type);
            yield return new($"torch.cuda.{name}Storage", Storage: type);
        }
    }

    private static PickleDictionary? Pairs(object?[] arguments)
    {
        var made = new PickleDictionary();
        if (arguments is [PickleList list])
        {
            foreach (var item in list.Items)
            {
                if (item is PickleList { Items: [var k, var v] })
                {
                    made.Pairs.Add((k, v));
                }
                else if (item is PickleTuple { Items: [var key, var value] })
                {
                    made.Pairs.Add((key, value));
                }
                else
                {
                    return null;
                }
            }

            return made;
        }

        return arguments.Length == 0 ? made : null;
    }

    private static PickleList? Set(object?[] arguments) => arguments switch
    {
        [] => new PickleList(),
        [PickleList items] => items,
        _ => null,
    };

    /// <summary>Storage, offset, sizes, strides; then whether it needs a gradient and its hooks, of which there must be none.</summary>
    private static PickleTensor? Tensor(object?[] arguments) =>
        arguments is [PickleStorage storage, long offset, PickleTuple sizes, PickleTuple strides, ..] && arguments.Length is 4 or 6 or 7
        && (arguments.Length == 4 || arguments is [_, _, _, _, bool, PickleDictionary { Pairs.Count: 0 } or null, ..])
        && Integers(sizes) is { } shape && Integers(strides) is { } steps
            ? new PickleTensor(storage, offset, shape, steps)
            : null;

    private static long[]? Integers(PickleTuple tuple) => tuple.Items.All(i => i is long) ? [.. tuple.Items.Cast<long>()] : null;
}
