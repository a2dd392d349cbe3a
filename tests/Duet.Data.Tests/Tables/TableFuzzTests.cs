using System.Buffers.Binary;
using System.Text;
using Duet.Data.Tables;
using Duet.Data.Tests.Store;
using Duet.Tests.Shared.Fuzzing;
using Parquet;
using Shouldly;
using Xunit;
using ColumnMetaData = Parquet.Meta.ColumnMetaData;

namespace Duet.Data.Tests.Tables;

/// <summary>Damaged Parquet files. The library works on other threads and rents native and shared memory: it has a process of its own, whose memory is measured.</summary>
public sealed class TableFuzzTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Category", "Slow")]
    public void Features()
    {
        FeatureTableTests.Write(folder["f.parquet"], 12, 5);
        var plain = File.ReadAllBytes(folder["f.parquet"]);
        Fuzz("parquet-features", 4_000, [plain, .. new[] { CompressionMethod.Snappy, CompressionMethod.Gzip, CompressionMethod.Zstd, CompressionMethod.Lz4Raw, CompressionMethod.Brotli }.Select(Compressed)], path =>
        {
            using var reader = FeatureTableReader.Open(path);
            foreach (var block in reader.Read())
            {
                block.Values.Length.ShouldBe(block.Rows.Count * block.Dimension);
            }
        });
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Pseudo_labels()
    {
        var rows = Enumerable.Range(0, 9).Select(i => new PseudoLabel($"{i:x32}/0", $"{i:x32}", 0, i * 0.5, PseudoLabelTable.Training, i % 3, i)).ToArray();
        PseudoLabelTable.Write(folder["p.parquet"], new Dictionary<string, string> { ["duet.k"] = "3" }, rows);
        Fuzz("parquet-labels", 2_500, [File.ReadAllBytes(folder["p.parquet"])], path => _ = PseudoLabelTable.Read(path));
    }

    /// <summary>What a page claims is not believed: the library would rent it. A page's header: kind, length when expanded, length, and that of its data: values, encodings.</summary>
    [Theory]
    [InlineData(new byte[] { 0x15, 0, 0x15, 0x20, 0x15, 0x20, 0x2C, 0x15, 8, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0 }, null)] // 16 bytes, 4 values
    [InlineData(new byte[] { 0x15, 0, 0x15, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0x15, 0x20, 0x2C, 0x15, 8, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0 }, "16 bytes that become 2147483647")]
    [InlineData(new byte[] { 0x15, 0, 0x15, 0x20, 0x15, 0x22, 0x2C, 0x15, 8, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0 }, "17 bytes that become 16")] // more than the column has
    [InlineData(new byte[] { 0x15, 0, 0x15, 0x21, 0x15, 0x20, 0x2C, 0x15, 8, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0 }, "become -17")]
    [InlineData(new byte[] { 0x15, 0, 0x15, 0x20, 0x15, 0x20, 0x2C, 0x15, 10, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0 }, "claims 5 values")]
    [InlineData(new byte[] { 0x15, 0, 0x15, 0x20, 0x15, 0x20, 0x2C, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0 }, "hold 3 values")]
    [InlineData(new byte[] { 0x15, 4, 0x15, 0x20, 0x15, 0x20, 0x4C, 0x15, 80, 0x15, 0, 0, 0 }, "claims 40 values")] // a dictionary of 40 in 16 bytes
    [InlineData(new byte[] { 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C, 0x1C }, "has no header")]
    public void A_page_that_claims_more_than_it_can_have_is_refused(byte[] header, string? problem)
    {
        byte[] file = [.. "PAR1"u8, .. header, .. Enumerable.Repeat((byte)0xFF, 16)];
        using var stream = new MemoryStream(file);
        var found = ParquetFence.Pages(stream, new ColumnMetaData { DataPageOffset = 4, TotalCompressedSize = file.Length - 4, NumValues = 4 });
        (found is null).ShouldBe(problem is null, found);
        found?.ShouldContain(problem!);
    }

    /// <summary>The library calls itself for each level of what it does not know.</summary>
    [Theory]
    [InlineData(0x1C)] // a structure in a structure in ...
    [InlineData(0x19)] // a list of ...
    public void A_footer_nested_without_end_is_refused(byte level)
    {
        byte[] nested = [.. Enumerable.Repeat(level, 1 << 20)];
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, nested.Length);
        File.WriteAllBytes(folder["f.parquet"], [.. "PAR1"u8, .. nested, .. length, .. "PAR1"u8]);
        Should.Throw<TableException>(() => Read(folder["f.parquet"])).Message.ShouldContain("its footer is damaged");
    }

    private static void Read(string path)
    {
        using var reader = FeatureTableReader.Open(path);
        _ = reader.Read().Count();
    }

    private byte[] Compressed(CompressionMethod method)
    {
        FeatureTableTests.WriteRaw(folder["c.parquet"], [[1, 2], [3, 4], [5, 6]], method);
        return File.ReadAllBytes(folder["c.parquet"]);
    }

    private void Fuzz(string name, int inputs, byte[][] samples, Action<string> read)
    {
        var fuzzer = new MutationFuzzer(name, samples)
        {
            Words = [.. "PAR1;duet.format;clip;feature;\u0015\u0000;\u001c;\u0019\u00fc;\u00fe\u00ff\u00ff\u00ff\u000f;\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u0001".Split(';').Select(Encoding.Latin1.GetBytes)],
            CountsAllThreads = true,
            AllocationLimit = length => (16L << 20) + (1024L * length),
        };
        FuzzProcess.Run(fuzzer, inputs, 256 << 20, bytes =>
        {
            File.WriteAllBytes(folder["fuzzed.parquet"], bytes);
            read(folder["fuzzed.parquet"]);
        }).Checked(name);
    }
}
