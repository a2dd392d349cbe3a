using Duet.Data;
using static TorchSharp.torch;

namespace Duet.Learning.Weights.PyTorch;

/// <summary>A Python list, or a set.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A Python tuple.</summary>
internal sealed class PickleTuple(object?[] items)
{
    public static PickleTuple Empty { get; } = new([]);

    public object?[] Items { get; } = items;
}

/// <summary>A Python dictionary as its pairs in order. Nothing is hashed: a key may be of any kind, as large as the file.</summary>
internal sealed class PickleDictionary
{
    public List<(object? Key, object? Value)> Pairs { get; } = [];
}

/// <summary>A value that Duet has no use for, and that was not built: a device, a NumPy number, a type.</summary>
/// <param name="What">What it is, for people.</param>
internal sealed record PickleOther(string What);

/// <summary>Numbers that lie elsewhere in the file.</summary>
/// <param name="Key">Their name there.</param>
/// <param name="Type">Their type.</param>
/// <param name="Elements">How many.</param>
internal sealed record PickleStorage(string Key, ScalarType Type, long Elements);

/// <summary>A view of a storage, as the file describes it: nothing in it is checked yet.</summary>
/// <param name="Storage">The numbers.</param>
/// <param name="Offset">The first element.</param>
/// <param name="Shape">The sizes.</param>
/// <param name="Strides">Steps in elements, one per size.</param>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    private const int MaximumRank = 64; // libtorch's

    /// <summary>Elements from its first to its last, both included; 0 where it has none.</summary>
    public long Extent { get; private set; }

    /// <summary>
    /// Checks that the view lies inside its storage and touches no element twice, so that it can't be larger than the bytes that stand for it.
    /// </summary>
    /// <exception cref="WeightsException">It does not.</exception>
    public PickleTensor Checked(string name, string source)
    {
        if (Shape.Length != Strides.Length || Shape.Length > MaximumRank || Shape.Any(s => s < 0) || Strides.Any(s => s < 0) || Offset < 0)
        {
            throw Wrong("has sizes, strides or an offset that no tensor has");
        }

        if (Shape.Where(size => size > 1).Aggregate((Int128)1, (product, size) => product > long.MaxValue ? product : product * size) > long.MaxValue)
        {
            throw Wrong("has more elements than there are numbers for, or would have if none of its sizes were 0");
        }

        if (Shape.Contains(0))
        {
            return Offset <= Storage.Elements ? this : throw Wrong("begins after the end of its storage");
        }

        // From the smallest stride on, each step must leave all that the smaller ones reach.
        Int128 last = 0;
        foreach (var (size, stride) in Shape.Zip(Strides).Where(d => d.First > 1).OrderBy(d => d.Second))
        {
            if (stride <= last)
            {
                throw Wrong("shows the same numbers more than once (an expanded view; save it with .contiguous())");
            }

            last += (Int128)(size - 1) * stride;
            if (Offset + last >= Storage.Elements)
            {
                break;
            }
        }

        if (Offset + last >= Storage.Elements)
        {
            throw Wrong($"reaches beyond the {Storage.Elements} elements of its storage");
        }

        Extent = (long)last + 1;
        return this;

        WeightsException Wrong(string what) => PyTorchFormat.Broken(
            source, $"the tensor '{SafeTensorsHeader.Shown(name)}' of [{string.Join(", ", Shape.Take(MaximumRank))}], strides [{string.Join(", ", Strides.Take(MaximumRank))}], offset {Offset}, {what}");
    }
}
