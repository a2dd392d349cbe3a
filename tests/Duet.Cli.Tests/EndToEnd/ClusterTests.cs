using System.Security.Cryptography;
using System.Text.Json;
using Duet.Cli.Tests.Support;
using Duet.Data.Tables;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary><c>duet cluster</c> on a table of features, and what it says when it can't.</summary>
public sealed class ClusterTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("duet-cluster-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Labels_and_json_agree_and_are_the_groups_that_were_put_in()
    {
        Write("f.parquet", 60);
        var result = Duet("cluster", "f.parquet", "-k", "3", "--seed", "4", "--restarts", "2", "--out", "out/labels.parquet", "--json");

        result.ExitCode.ShouldBe(0, result.Error);
        var root = JsonDocument.Parse(result.Output).RootElement;
        root.GetProperty("format").GetString().ShouldBe("duet.result/1");
        root.GetProperty("sizes").EnumerateArray().Select(s => s.GetInt32()).ShouldBe([20, 20, 20]);
        root.GetProperty("entropy_bits").GetDouble().ShouldBe(Math.Log2(3), 1e-9);
        root.GetProperty("restart_objectives").GetArrayLength().ShouldBe(2);
        var path = Path.Combine(folder, "out", "labels.parquet");
        root.GetProperty("labels_sha256").GetString().ShouldBe(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));

        var table = PseudoLabelTable.Read(path);
        table.Metadata["duet.k"].ShouldBe("3");
        table.Metadata["duet.seed"].ShouldBe("4");
        table.Metadata["duet.features"].ShouldBe("audio");
        table.Rows.Count.ShouldBe(60);
        foreach (var group in table.Rows.GroupBy(r => (r.Number + (20 * int.Parse(r.Video.AsSpan(1)))) % 3))
        {
            group.Select(r => r.Cluster).Distinct().Count().ShouldBe(1);
            group.ShouldAllBe(r => r.Part == "training" && r.Distance < 1);
        }

        Duet("cluster", "f.parquet", "-k", "3", "--seed", "4", "--restarts", "2", "--out", "again.parquet").ExitCode.ShouldBe(0);
        File.ReadAllBytes(Path.Combine(folder, "again.parquet")).ShouldBe(File.ReadAllBytes(path));
    }

    [Fact]
    public void Without_json_it_prints_a_summary()
    {
        Write("f.parquet", 60);
        var result = Duet("cluster", "f.parquet", "-k", "4", "--pca", "2", "--whiten", "--l2", "--seeding", "random", "--precision", "fp32", "--iterations", "7");
        result.ExitCode.ShouldBe(0, result.Error);
        result.Output.ShouldContain("60 rows with 5 features, 2 after PCA in 4 clusters; seed 0.");
        result.Output.ShouldContain("bits");
        Directory.GetFiles(folder).Length.ShouldBe(1);
    }

    [Theory]
    [InlineData(2, "12 rows can't make 13 clusters", "-k 13")]
    [InlineData(2, "-k 0: there must be at least one cluster", "-k 0")]
    [InlineData(2, "--iterations: must be at least 1", "-k 2 --iterations 0")]
    [InlineData(2, "at most 5", "-k 2 --pca 6")]
    [InlineData(2, "holds no features of the modality 'video', but of 'audio'", "-k 2 --modality video")]
    public void What_can_not_be_asked_for(int exitCode, string message, string arguments)
    {
        Write("f.parquet", 12);
        Duet(["cluster", "f.parquet", .. arguments.Split(' ')]).ShouldBeOneError(exitCode, message);
    }

    [Fact]
    public void Several_modalities_must_be_told_apart()
    {
        var rows = Rows(10);
        FeatureTableWriter.Write(Path.Combine(folder, "f.parquet"), new Dictionary<string, string>(), [new FeatureBlock([.. rows.Select((r, i) => i % 2 == 0 ? r : r with { Modality = "video" })], 5, Values(10))]);
        Duet("cluster", "f.parquet", "-k", "2").ShouldBeOneError(2, "several modalities: audio, video", "--modality");
        Duet("cluster", "f.parquet", "-k", "2", "--modality", "video").Output.ShouldContain("5 rows with 5 features");
    }

    [Theory]
    [InlineData(float.NaN, "is not a number (NaN)")]
    [InlineData(float.NegativeInfinity, "is infinite")]
    [InlineData(1e25f, "too large")]
    public void A_value_that_is_none_is_told_with_its_clip(float value, string message)
    {
        var values = Values(12);
        values[(7 * 5) + 3] = value;
        FeatureTableWriter.Write(Path.Combine(folder, "f.parquet"), new Dictionary<string, string>(), [new FeatureBlock(Rows(12), 5, values)]);
        Duet("cluster", "f.parquet", "-k", "2", "--out", "l.parquet").ShouldBeOneError(1, "f.parquet", "clip 'v0/7'", "value 3", message);
        File.Exists(Path.Combine(folder, "l.parquet")).ShouldBeFalse();
    }

    [Fact]
    public void Equal_rows_can_not_be_told_apart()
    {
        FeatureTableWriter.Write(Path.Combine(folder, "f.parquet"), new Dictionary<string, string>(), [new FeatureBlock(Rows(12), 5, new float[60])]);
        Duet("cluster", "f.parquet", "-k", "2").ShouldBeOneError(2, "All 12 rows of the features are the same");
    }

    [Fact]
    public void Files_that_are_no_tables_or_are_broken()
    {
        Write("f.parquet", 30);
        var good = File.ReadAllBytes(Path.Combine(folder, "f.parquet"));
        File.WriteAllText(Path.Combine(folder, "text.parquet"), "clip,feature\na,1 2 3\n");
        File.WriteAllBytes(Path.Combine(folder, "short.parquet"), good[..(good.Length / 2)]);
        var changed = (byte[])good.Clone();
        changed.AsSpan(4, 40).Fill(0xff);
        File.WriteAllBytes(Path.Combine(folder, "changed.parquet"), changed);
        PseudoLabelTable.Write(Path.Combine(folder, "labels.parquet"), new Dictionary<string, string>(), [new PseudoLabel("a/0", "a", 0, 0, "training", 0, 1)]);

        Duet("cluster", "gone.parquet", "-k", "2").ShouldBeOneError(1, "There is no file 'gone.parquet'");
        Duet("cluster", "text.parquet", "-k", "2").ShouldBeOneError(1, "no Parquet file");
        Duet("cluster", "short.parquet", "-k", "2").ShouldBeOneError(1, "cut short");
        Duet("cluster", "changed.parquet", "-k", "2").ShouldBeOneError(1, "changed.parquet", "row group 0, column 'clip'");
        Duet("cluster", "labels.parquet", "-k", "2").ShouldBeOneError(1, "no column 'feature'", "clip, video");
    }

    [Fact]
    public void One_clip_with_two_rows_has_no_one_label()
    {
        var rows = Rows(6);
        rows[5] = rows[0];
        FeatureTableWriter.Write(Path.Combine(folder, "f.parquet"), new Dictionary<string, string>(), [new FeatureBlock(rows, 5, Values(6))]);
        Duet("cluster", "f.parquet", "-k", "2", "--out", "l.parquet").ShouldBeOneError(1, "Clip 'v0/0' has several rows");
        Duet("cluster", "f.parquet", "-k", "2").ExitCode.ShouldBe(0);
    }

    private DuetResult Duet(params string[] arguments) => DuetProcess.RunIn(folder, environment: null, arguments);

    private void Write(string name, int count) =>
        FeatureTableWriter.Write(Path.Combine(folder, name), new Dictionary<string, string>(), [new FeatureBlock(Rows(count), 5, Values(count))]);

    /// <summary>Twenty clips of each video.</summary>
    private static FeatureRow[] Rows(int count) => [.. Enumerable.Range(0, count).Select(i => new FeatureRow($"v{i / 20}/{i % 20}", $"v{i / 20}", i % 20, "audio", "conv5"))];

    /// <summary>Row i belongs to group i % 3.</summary>
    private static float[] Values(int count) => [.. Enumerable.Range(0, count * 5).Select(i => (i / 5 % 3 == i % 5 ? 10 : 0) + (0.1f * MathF.Sin(i)))];
}
