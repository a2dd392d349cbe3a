using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Duet.Data.Tables;

/// <summary>
/// Writes a matrix of 32-bit floats as NumPy's <c>.npy</c> (version 1.0, little endian, C order), row by row: the number of rows need not be known before, room for it
/// is kept in the header.
/// </summary>
public sealed class NpyWriter
{
    /// <summary>The header's bytes: a multiple of 64, as the format asks for, with room for the largest numbers.</summary>
    private const int HeaderBytes = 128;

    private readonly Stream stream;
    private readonly int columns;

    /// <summary>Starts a file at the stream's position.</summary>
    /// <param name="stream">The stream, which can seek; the caller keeps it.</param>
    /// <param name="columns">Values per row.</param>
    public NpyWriter(Stream stream, int columns)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Arrays are written as they lie in memory, which must be little endian.");
        }

        this.stream = stream;
        this.columns = columns;
        stream.Write(Header(0, columns));
    }

    /// <summary>Rows so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Appends rows.</summary>
    /// <param name="values">Whole rows.</param>
    public void Add(ReadOnlySpan<float> values)
    {
        if (values.Length % columns != 0)
        {
            throw new ArgumentException($"{values.Length} values are not whole rows of {columns}.", nameof(values));
        }

        stream.Write(MemoryMarshal.AsBytes(values));
        Rows += values.Length / columns;
    }

    /// <summary>Says in the header how many rows there are. The stream must be at the end of what was written.</summary>
    public void Complete()
    {
        var end = stream.Position;
        stream.Position = end - (Rows * columns * sizeof(float)) - HeaderBytes;
        stream.Write(Header(Rows, columns));
        stream.Position = end;
    }

    private static byte[] Header(long rows, int columns)
    {
        var header = new byte[HeaderBytes];
        header.AsSpan().Fill((byte)' ');
        ReadOnlySpan<byte> magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, HeaderBytes - 10, 0];
        magic.CopyTo(header);
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}"), header.AsSpan(10));
        header[^1] = (byte)'\n';
        return header;
    }
}
