using System.Security.Cryptography;
using Duet.Data.Tables;
using Duet.Data.Tests.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Tables;

public sealed class PseudoLabelTableTests : IDisposable
{
    private static readonly Dictionary<string, string> Metadata = new() { ["duet.k"] = "5", ["duet.features"] = "audio", ["duet.seed"] = "7" };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1234)]
    public void What_is_written_is_read(int count)
    {
        var rows = Rows(count);
        var path = folder["sub", "labels.parquet"];
        var hash = PseudoLabelTable.Write(path, Metadata, [.. rows.Reverse()]);

        hash.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
        var table = PseudoLabelTable.Read(path);
        table.Rows.ShouldBe(rows.OrderBy(r => r.Clip, StringComparer.Ordinal));
        table.Metadata["duet.features"].ShouldBe("audio");
        table.Metadata["duet.format"].ShouldBe("pseudo_labels/1");
    }

    [Fact]
    public void The_same_rows_give_the_same_bytes()
    {
        var first = PseudoLabelTable.Write(folder["a.parquet"], Metadata, Rows(500));
        var other = Metadata.Reverse().ToDictionary();
        PseudoLabelTable.Write(folder["b.parquet"], other, [.. Rows(500).Reverse()]).ShouldBe(first);
        PseudoLabelTable.Write(folder["c.parquet"], Metadata, Rows(499)).ShouldNotBe(first);
    }

    [Fact]
    public void Values_that_cant_be_are_refused_before_anything_is_written()
    {
        var good = Rows(3);
        foreach (var (bad, message) in new[]
        {
            (good[1] with { Cluster = 5 }, "cluster 5 is not one of 5"),
            (good[1] with { Cluster = -1 }, "cluster -1"),
            (good[1] with { Distance = float.NaN }, "distance is NaN"),
            (good[1] with { Part = "test" }, "'test'"),
            (good[1] with { Start = double.PositiveInfinity }, "start"),
            (good[1] with { Clip = good[0].Clip }, "comes twice"),
        })
        {
            Should.Throw<ArgumentException>(() => PseudoLabelTable.Write(folder["x.parquet"], Metadata, [good[0], bad, good[2]])).Message.ShouldContain(message);
        }

        File.Exists(folder["x.parquet"]).ShouldBeFalse();
    }

    [Fact]
    public void Another_kind_of_table_is_told()
    {
        FeatureTableTests.Write(folder["f.parquet"], 4, 3);
        Should.Throw<TableException>(() => PseudoLabelTable.Read(folder["f.parquet"])).Message.ShouldContain("features/1");
        File.WriteAllText(folder["t.parquet"], "clip,cluster\na,1\nb,2\n");
        Should.Throw<TableException>(() => PseudoLabelTable.Read(folder["t.parquet"])).Message.ShouldContain("no Parquet file");
        Should.Throw<TableException>(() => PseudoLabelTable.Read(folder["gone.parquet"])).Message.ShouldContain("There is no file");
        Should.Throw<TableException>(() => PseudoLabelTable.Read(folder.Path)).Message.ShouldContain("can't be read");
    }

    [Fact]
    public void Whatever_a_damaged_file_holds_it_is_a_table_or_one_kind_of_error()
    {
        PseudoLabelTable.Write(folder["good.parquet"], Metadata, Rows(40));
        var noticed = DamagedFiles.Try(File.ReadAllBytes(folder["good.parquet"]), folder["bad.parquet"], path => PseudoLabelTable.Read(path));
        noticed.ShouldBeGreaterThan(100);
    }

    private static PseudoLabel[] Rows(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new PseudoLabel($"{i % 7:x32}/{i}", $"{i % 7:x32}", i, i * 0.5, i % 3 == 0 ? "validation" : "training", i % 5, i / 3f))];
}
