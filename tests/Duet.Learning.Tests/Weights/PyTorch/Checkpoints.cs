using System.Text;
using Duet.Learning.Weights;
using Duet.Learning.Weights.PyTorch;

namespace Duet.Learning.Tests.Weights.PyTorch;

/// <summary>Puts pickles into checkpoints of both formats.</summary>
internal static class Checkpoints
{
    /// <summary>A ZIP checkpoint.</summary>
    public static byte[] Zip(byte[] pickle, params (string Name, byte[] Bytes)[] files)
    {
        using var stream = new MemoryStream();
        var zip = new StoredZipWriter(stream);
        foreach (var (name, bytes) in files.Prepend(("data.pkl", pickle)).Append(("version", "3\n"u8.ToArray())))
        {
            zip.Add("archive/" + name, bytes.Length, Crc32.Of(bytes), s => s.Write(bytes));
        }

        zip.Finish();
        return stream.ToArray();
    }

    /// <summary>A checkpoint of the older format.</summary>
    public static byte[] Legacy(byte[] pickle, params (string Key, long Elements, byte[] Bytes)[] storages)
    {
        var keys = new PickleBytes().Op("](");
        foreach (var (key, _, _) in storages)
        {
            keys.Text(key);
        }

        return
        [
            .. LegacyLayout.FirstBytes, (byte)'.', 0x80, 2, (byte)'M', 0xe9, 3, (byte)'.',
            .. new PickleBytes().Op("}").Text("little_endian").Op(0x88).Op("s").End(),
            .. pickle, .. keys.Op("e").End(),
            .. storages.SelectMany(s => BitConverter.GetBytes(s.Elements).Concat(s.Bytes)),
        ];
    }

    /// <summary>Opens bytes as a file.</summary>
    public static IWeightsFile Open(byte[] bytes) => WeightsFile.Open(new MemoryStream(bytes, writable: false), "bytes.pth");

    /// <summary>The bytes of a text with one place changed: a field of an archive's header, say.</summary>
    public static byte[] Patched(byte[] bytes, int at, params byte[] with)
    {
        var copy = (byte[])bytes.Clone();
        with.CopyTo(copy, at);
        return copy;
    }

    /// <summary>Where some bytes are the n-th time.</summary>
    public static int Find(byte[] bytes, ReadOnlySpan<byte> what, int n = 0)
    {
        for (var at = 0; at <= bytes.Length - what.Length; at++)
        {
            if (bytes.AsSpan(at, what.Length).SequenceEqual(what) && n-- == 0)
            {
                return at;
            }
        }

        throw new InvalidOperationException($"{Encoding.Latin1.GetString(what)} is not there");
    }
}
