using Duet.Learning.Weights.PyTorch;
using static TorchSharp.torch;

namespace Duet.Learning.Weights;

/// <summary>A tensor's bytes, in parts: a span can't hold those of a large tensor.</summary>
internal static class TensorBytes
{
    private const int PartElements = 1 << 24; // at most 128 MiB

    /// <summary>Fills a contiguous tensor from a stream.</summary>
    public static void Fill(Tensor tensor, Stream stream)
    {
        using var scope = NewDisposeScope();
        var flat = tensor.view(-1);
        for (var at = 0L; at < flat.numel(); at += PartElements)
        {
            stream.ReadExactly(Part(flat, at));
        }
    }

    /// <summary>Writes a contiguous tensor to a stream.</summary>
    public static void Write(Tensor tensor, Stream stream)
    {
        using var scope = NewDisposeScope();
        var flat = tensor.view(-1);
        for (var at = 0L; at < flat.numel(); at += PartElements)
        {
            stream.Write(Part(flat, at));
        }
    }

    /// <summary>The checksum of a contiguous tensor's bytes.</summary>
    public static uint Checksum(Tensor tensor)
    {
        var crc = 0u;
        using var scope = NewDisposeScope();
        var flat = tensor.view(-1);
        for (var at = 0L; at < flat.numel(); at += PartElements)
        {
            crc = Crc32.Of(Part(flat, at), crc);
        }

        return crc;
    }

    /// <summary>Whether each byte of a contiguous tensor of bools is 0 or 1, which the language relies on.</summary>
    public static bool AreBools(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var flat = tensor.view(-1);
        for (var at = 0L; at < flat.numel(); at += PartElements)
        {
            if (Part(flat, at).ContainsAnyExceptInRange((byte)0, (byte)1))
            {
                return false;
            }
        }

        return true;
    }

    private static Span<byte> Part(Tensor flat, long at) => flat.narrow(0, at, Math.Min(PartElements, flat.numel() - at)).bytes;
}
