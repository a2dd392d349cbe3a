using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Duet.Data.Tables;

/// <summary>
/// SHA-256 over a table's rows in their order, each as <c>clip, 0, video, 0, modality, 0, layer, 0, start</c> (a double) <c>, features</c> (floats), numbers in little
/// endian. It does not depend on how the rows are stored, so a file can carry its own.
/// </summary>
public sealed class FeatureChecksum : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] text = [];

    /// <summary>Takes rows in.</summary>
    /// <param name="block">The next rows.</param>
    public void Add(FeatureBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        Span<byte> start = stackalloc byte[sizeof(double)];
        var values = block.Values.Span;
        for (var i = 0; i < block.Rows.Count; i++)
        {
            var row = block.Rows[i];
            Add(row.Clip);
            Add(row.Video);
            Add(row.Modality);
            Add(row.Layer);
            BinaryPrimitives.WriteDoubleLittleEndian(start, row.Start);
            hash.AppendData(start);
            hash.AppendData(MemoryMarshal.AsBytes(values.Slice(i * block.Dimension, block.Dimension)));
        }
    }

    /// <summary>The checksum of all rows so far, in lower-case hexadecimal.</summary>
    public string Current() => Convert.ToHexStringLower(hash.GetCurrentHash());

    /// <summary>The checksum of a file's rows; they are read, a row group at a time.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="cancel">Stops between row groups.</param>
    /// <exception cref="TableException">The file is damaged.</exception>
    public static string Of(FeatureTableReader reader, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        using var sum = new FeatureChecksum();
        foreach (var block in reader.Read())
        {
            cancel.ThrowIfCancellationRequested();
            sum.Add(block);
        }

        return sum.Current();
    }

    /// <inheritdoc/>
    public void Dispose() => hash.Dispose();

    private void Add(string value)
    {
        var most = Encoding.UTF8.GetMaxByteCount(value.Length) + 1;
        text = text.Length < most ? new byte[most] : text;
        var count = Encoding.UTF8.GetBytes(value, text);
        text[count] = 0;
        hash.AppendData(text, 0, count + 1);
    }
}
