using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// The memory format of every map: channels innermost, which oneDNN's convolutions compute in and in which frames fold into
/// the batch without a copy. libtorch knows it by a tensor's strides alone, so a permuted view is all it takes.
/// </summary>
internal static class ChannelsLast
{
    /// <summary>
    /// Whether a map <c>[batch, channels, ...]</c> has its channels innermost and no gaps. Strict even for axes of size 1, whose strides
    /// address nothing: libtorch reads them too when it guesses the format (a spectrogram has one channel).
    /// </summary>
    public static bool Is(Tensor map) => map.stride().AsSpan().SequenceEqual(Strides(map.shape));

    /// <summary>The map itself where it has the format, else a view or a copy that has.</summary>
    public static Tensor Ensure(Tensor map)
    {
        if (Is(map))
        {
            return map;
        }

        using var scope = NewDisposeScope();
        var innermost = map.Dimensions == 5
            ? map.permute(0, 2, 3, 4, 1).contiguous().permute(0, 4, 1, 2, 3)
            : map.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        return innermost.as_strided(map.shape, Strides(map.shape), innermost.storage_offset()).MoveToOuterDisposeScope();
    }

    /// <summary>A new map in the format, with anything in it, in the current dispose scope.</summary>
    /// <param name="shape"><c>[batch, channels, ...]</c>.</param>
    /// <param name="type">Its numbers.</param>
    public static Tensor Empty(long[] shape, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return empty([shape.Aggregate(1L, (product, side) => product * side)], dtype: type).as_strided(shape, Strides(shape)).MoveToOuterDisposeScope();
    }

    private static long[] Strides(long[] shape)
    {
        var strides = new long[shape.Length];
        strides[1] = 1;
        var next = shape[1];
        for (var axis = shape.Length - 1; axis >= 2; axis--)
        {
            strides[axis] = next;
            next *= shape[axis];
        }

        strides[0] = next;
        return strides;
    }
}
