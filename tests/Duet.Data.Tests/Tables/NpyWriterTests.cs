using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Duet.Data.Tables;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Tables;

public sealed class NpyWriterTests
{
    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 1)]
    [InlineData(7, 512)]
    [InlineData(1000, 5)]
    public void An_independent_reader_finds_shape_and_values(int rows, int columns)
    {
        using var stream = new MemoryStream();
        var writer = new NpyWriter(stream, columns);
        for (var row = 0; row < rows; row += 3)
        {
            writer.Add(Enumerable.Range(row * columns, Math.Min(3, rows - row) * columns).Select(Value).ToArray());
        }

        writer.Complete();
        stream.Position.ShouldBe(stream.Length);
        var (shape, values) = Read(stream.ToArray());
        shape.ShouldBe([rows, columns]);
        values.ShouldBe(Enumerable.Range(0, rows * columns).Select(Value));
    }

    [Fact]
    public void The_largest_numbers_have_room_in_the_header()
    {
        using var stream = new EndlessStream();
        var writer = new NpyWriter(stream, FeatureTable.MostColumns);
        typeof(NpyWriter).GetProperty(nameof(NpyWriter.Rows))!.SetValue(writer, 999_999_999_999L);
        stream.Position = 128 + (999_999_999_999L * FeatureTable.MostColumns * sizeof(float));
        writer.Complete();
        Read(stream.Header).Shape.ShouldBe([999_999_999_999L, FeatureTable.MostColumns]);
    }

    [Fact]
    public void Half_rows_are_refused()
    {
        using var stream = new MemoryStream();
        var writer = new NpyWriter(stream, 3);
        Should.Throw<ArgumentException>(() => writer.Add([1, 2]));
    }

    /// <summary>A reader after numpy.lib.format's description, that knows nothing of the writer.</summary>
    internal static (long[] Shape, float[] Values) Read(byte[] file)
    {
        file[..8].ShouldBe([0x93, .. "NUMPY"u8, 1, 0]);
        var length = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8));
        ((10 + length) % 64).ShouldBe(0, "the data must be aligned");
        var header = Encoding.ASCII.GetString(file, 10, length);
        header.ShouldEndWith("\n");
        var match = Regex.Match(header, @"^\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \} *\n$", RegexOptions.None, TimeSpan.FromSeconds(1));
        match.Success.ShouldBeTrue(header);
        var values = new float[(file.Length - 10 - length) / sizeof(float)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(10 + length + (i * sizeof(float))));
        }

        return ([long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)], values);
    }

    private static float Value(int i) => MathF.Sin(i) * MathF.Pow(10, i % 7);

    /// <summary>A stream of any length that keeps its first bytes.</summary>
    private sealed class EndlessStream : Stream
    {
        public byte[] Header { get; } = new byte[128];

        public override bool CanRead => false;

        public override bool CanSeek => true;

        public override bool CanWrite => true;

        public override long Length => long.MaxValue;

        public override long Position { get; set; }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).CopyTo(Header.AsSpan((int)Position));
            Position += count;
        }
    }
}
