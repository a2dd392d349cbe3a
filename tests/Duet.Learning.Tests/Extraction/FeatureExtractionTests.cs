using System.Text;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Data.Tables;
using Duet.Learning.Evaluation;
using Duet.Learning.Extraction;
using Duet.Learning.Models;
using Duet.Learning.Tests.Evaluation;
using Duet.Learning.Weights;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Extraction;

public sealed class FeatureExtractionTests : IDisposable
{
    private static readonly ClipOptions Clip = new() { Frames = 4, Size = LevelStore.Side, AudioSeconds = new Rational(10, 25), Scales = [1] };
    private static readonly ExtractOptions Options = new() { ClipsPerVideo = 3, VideosPerPart = 2, Batch = 4, Loader = new ClipLoaderOptions { Workers = 1 } };
    private static readonly StoredVideo[] Videos = [.. Enumerable.Range(0, 7).Select(i => LevelStore.Video($"v{i}", 40))];

    private readonly string folder = Directory.CreateTempSubdirectory("duet-extract-").FullName;
    private readonly string encoder;

    public FeatureExtractionTests()
    {
        encoder = In("video.safetensors");
        Save(encoder, 3);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Parts_hold_what_one_file_holds()
    {
        var parts = Run("parts");
        parts.Parts.ShouldBe(new ExtractedParts(4, 4, 4, 0, 0, 0));
        parts.Rows.ShouldBe(21);
        parts.Layers.ShouldBe([new ExtractedLayer("video", "conv2", parts.Layers[0].Shape, 8)]);
        parts.Layers[0].Shape.ShouldBe([8, 4, 8, 8]);
        var one = Run("one.parquet");
        one.Parts.Total.ShouldBe(1);

        var (a, b) = (FeatureFile.Read(In("parts")), FeatureFile.Read(In("one.parquet")));
        a.Rows.ShouldBe(b.Rows);
        a.Rows[4].ShouldBe(new FeatureRow("v1/1", "v1", 18 / 25.0, "video", "conv2"));
        ShouldBeClose(a.Features.Values, b.Features.Values);
        a.Features.Values.Distinct().Count().ShouldBeGreaterThan(50);
        b.Metadata["duet.video.frame_rate"].ShouldBe("25");
        b.Metadata["duet.video.seconds"].ShouldBe("0.16");
        b.Metadata["duet.pooling"].ShouldBe("average");
        b.Metadata["duet.store"].ShouldBe("fingerprint");
        b.Metadata["duet.format"].ShouldBe("features/1");
        b.Metadata["duet.layers"].ShouldBe("""[{"modality":"video","layer":"conv2","shape":[8,4,8,8],"features":8}]""");
        PreprocessingCard.FromJson(b.Metadata["duet.video.card"], "metadata").Clip.Frames.ShouldBe(4);
    }

    /// <summary>Of those that are computed directly, as all are where the processor has no bf16, tables say nothing.</summary>
    [Theory]
    [InlineData(Precision.Bf16)]
    [InlineData(Precision.Fp32)]
    public void A_table_says_how_convolutions_were_computed(Precision precision)
    {
        Run("f.parquet", Options with { Precision = precision });
        var metadata = FeatureFile.Read(In("f.parquet")).Metadata;
        metadata["duet.precision"].ShouldBe(PrecisionPolicy.NameOf(precision));
        var expected = precision == Precision.Bf16 && ConvolutionPolicy.Name != "direct" ? ConvolutionPolicy.Name : null;
        metadata.GetValueOrDefault("duet.convolutions").ShouldBe(expected);
    }

    [Fact]
    public void Layers_of_different_lengths_share_a_file_and_are_read_one_at_a_time()
    {
        Run("f", Options with { Layers = ["conv1", "conv2"], Pooling = FeaturePooling.Flatten });
        Should.Throw<UsageException>(() => FeatureFile.Read(In("f"))).Message.ShouldContain("several layers: conv1, conv2");
        var read = FeatureFile.Read(In("f"), layer: "conv2");
        Run("g", Options with { Layers = ["conv2"], Pooling = FeaturePooling.Flatten });
        var alone = FeatureFile.Read(In("g"));
        read.Rows.ShouldBe(alone.Rows);
        read.Features.Columns.ShouldBe(8 * 4 * 8 * 8);
        read.Features.Values.ShouldBe(alone.Features.Values);
    }

    [Fact]
    public void Whats_done_is_left_alone_and_whats_damaged_or_missing_is_done_again()
    {
        Run("f");
        var straight = Bytes("f");
        var before = Directory.GetFiles(In("f")).ToDictionary(p => p, File.GetLastWriteTimeUtc);
        Run("f").Parts.ShouldBe(new ExtractedParts(4, 4, 0, 4, 0, 0));
        Directory.GetFiles(In("f")).ToDictionary(p => p, File.GetLastWriteTimeUtc).ShouldBe(before, ignoreOrder: true);

        // A flipped bit in a value, a part cut short, one gone, and what a killed process leaves.
        var damaged = File.ReadAllBytes(In("f", "part-00000.parquet"));
        var value = BitConverter.GetBytes(FeatureFile.Read(In("f")).Features.Values[5]);
        var at = damaged.AsSpan().IndexOf(value);
        damaged[at + 1] ^= 16;
        File.WriteAllBytes(In("f", "part-00000.parquet"), damaged);
        File.WriteAllBytes(In("f", "part-00002.parquet"), File.ReadAllBytes(In("f", "part-00002.parquet"))[..300]);
        File.Delete(In("f", "part-00003.parquet"));
        File.WriteAllText(In("f", $".part-00003.parquet.{Guid.NewGuid():N}.tmp"), "half");
        Run("f").Parts.ShouldBe(new ExtractedParts(4, 4, 3, 1, 2, 0));
        Bytes("f").ShouldBe(straight);
    }

    [Fact]
    public void Parts_of_other_settings_are_refused_with_the_difference()
    {
        Run("f");
        var before = Bytes("f");
        Refused(() => Run("f", Options with { Pooling = FeaturePooling.Max }), "duet.pooling is 'average' there and 'max' here");
        Refused(() => Run("f", Options with { ClipsPerVideo = 2 }), "duet.clips_per_video is '3' there and '2' here");
        Refused(() => Run("f", Options with { Layers = ["conv1"] }), "duet.layers");
        Refused(() => Run("f", videos: [.. Videos, LevelStore.Video("v7", 40)]), "duet.videos_sha256");
        Refused(() => Run("f", Options with { VideosPerPart = 3 }), "part-00003.parquet', which is none of the 3 parts");
        Save(encoder, 4);
        Refused(() => Run("f"), "duet.video.encoder_sha256");
        Bytes("f").ShouldBe(before);

        static void Refused(Action run, string part) => Should.Throw<UsageException>(run).Message.ShouldContain(part);
    }

    [Fact]
    public void Shards_do_disjoint_parts_of_one_folder()
    {
        Run("whole");
        var second = Run("f", Options with { Shard = 2, Shards = 3 });
        second.Parts.ShouldBe(new ExtractedParts(4, 1, 1, 0, 0, 3));
        Directory.GetFiles(In("f")).Select(Path.GetFileName).ShouldBe(["part-00001.parquet"]);
        Should.Throw<TableException>(() => FeatureFile.Read(In("f"))).Message.ShouldContain("3 of 4 parts are missing, the first is part-00000.parquet");
        Run("f", Options with { Shard = 1, Shards = 3 }).Parts.ShouldBe(new ExtractedParts(4, 2, 2, 0, 0, 1));
        Run("f", Options with { Shard = 3, Shards = 3 }).Parts.Missing.ShouldBe(0);
        Bytes("f").ShouldBe(Bytes("whole"));
    }

    [Fact]
    public void What_cant_be_read_is_reported_and_never_written()
    {
        StoredVideo[] videos = [.. Videos[..4], LevelStore.Video("v4", 3), LevelStore.Video("v5", 40) with { FrameCount = 0 }];
        var store = new LevelStore { Damaged = ["v1"] };
        var result = Run("f", videos: videos, store: store);
        result.LeftOut.Select(l => l.VideoId).ShouldBe(["v1", "v1", "v1", "v4", "v5"]);
        result.LeftOut[0].Reason.ShouldStartWith("a clip can't be read: ");
        result.LeftOut[3].Reason.ShouldBe("shorter than a clip: it lasts 0.12 s, and a clip is 0.16 s of pictures");
        result.LeftOut[4].Reason.ShouldBe("without pictures");
        result.Rows.ShouldBe(9);
        var file = FeatureFile.Read(In("f"));
        file.Rows.Select(r => r.Video).Distinct().ShouldBe(["v0", "v2", "v3"]);

        // A part without rows is a part that is done, and what was left out is told again.
        var again = Run("f", videos: videos, store: store);
        again.Parts.Found.ShouldBe(3);
        again.LeftOut.ShouldBe(result.LeftOut);
        Should.Throw<UsageException>(() => Run("g", videos: videos[4..])).Message.ShouldContain("v4.mp4 is shorter than a clip");
    }

    [Fact]
    public void An_array_and_its_index_say_what_the_table_says()
    {
        Run("f.parquet");
        Run("f.npy");
        var table = FeatureFile.Read(In("f.parquet"));
        var (shape, values) = ReadNpy(File.ReadAllBytes(In("f.npy")));
        shape.ShouldBe("(21, 8)");
        values.ShouldBe(table.Features.Values);
        var index = File.ReadAllLines(In("f.npy.csv"));
        index[0].ShouldBe("row,clip,video,start,modality,layer");
        index[1..].ShouldBe(table.Rows.Select((r, i) => FormattableString.Invariant($"{i},{r.Clip},{r.Video},{r.Start:R},{r.Modality},{r.Layer}")));

        Run("f.npy").Parts.Found.ShouldBe(1);
        File.AppendAllText(In("f.npy.csv"), "21,");
        Run("f.npy").Parts.Redone.ShouldBe(1);
        File.ReadAllLines(In("f.npy.csv")).ShouldBe(index);
        File.Delete(In("f.npy.json"));
        Run("f.npy").Parts.Redone.ShouldBe(1);
        Should.Throw<UsageException>(() => Run("f.npy", Options with { Pooling = FeaturePooling.Max })).Message.ShouldContain("duet.pooling");
        Should.Throw<UsageException>(() => Run("g.npy", Options with { Layers = ["conv1", "conv2"] })).Message.ShouldContain("holds one array, and video conv1, video conv2 are 2");
    }

    [Theory]
    [InlineData("mine.parquet", "no table")]
    [InlineData("mine.npy", "no array")]
    public void Somebody_elses_file_is_not_overwritten(string name, string text)
    {
        File.WriteAllText(In(name), text);
        Should.Throw<UsageException>(() => Run(name)).Message.ShouldContain($"{name}' exists");
        File.ReadAllText(In(name)).ShouldBe(text);
    }

    [Fact]
    public void A_table_that_another_tool_wrote_is_not_overwritten()
    {
        FeatureTableWriter.Write(In("mine.parquet"), new Dictionary<string, string>(), [new FeatureBlock([new FeatureRow("a", "a", 0, "", "")], 1, new float[1])]);
        Should.Throw<UsageException>(() => Run("mine.parquet")).Message.ShouldContain("was not made by 'duet extract'");
        Directory.CreateDirectory(In("f"));
        File.Move(In("mine.parquet"), In("f", "mine.parquet"));
        Should.Throw<UsageException>(() => Run("f")).Message.ShouldContain("holds 'mine.parquet'");
    }

    [Fact]
    public void Options_that_dont_hold_are_told()
    {
        Told(Options with { Layers = ["conv9"] }, "has no layer 'conv9'; it has conv1, conv2");
        Told(Options with { Layers = ["embedding"] }, "has no layer 'embedding'; it has conv1, conv2");
        (Options with { Layers = ["embedding"], Pooling = FeaturePooling.Max }).Validate().Single().Message.ShouldContain("nothing to pool");
        (Options with { Shard = 5, Shards = 4 }).Validate().Single().Property.ShouldBe("Shard");
        (Options with { Layers = ["conv1", "conv1"] }).Validate().Single().Message.ShouldContain("twice");
        Should.Throw<UsageException>(() => Run("f.parquet", Options with { Shards = 2 })).Message.ShouldContain("shards write parts");

        void Told(ExtractOptions options, string part) => Should.Throw<UsageException>(() => Run("f", options)).Message.ShouldContain(part);
    }

    private string In(params string[] parts) => Path.Combine([folder, .. parts]);

    private static void Save(string path, long seed)
    {
        using var network = EncoderRegistry.Create(new EncoderOptions { Name = "mc3_18", Width = 0.125, Stages = 2 }, seed);
        EncoderFile.Save(path, network, PreprocessingCard.Of(network, Clip, null, null, "test", "random", 0));
    }

    private ExtractResult Run(string output, ExtractOptions? options = null, IReadOnlyList<StoredVideo>? videos = null, LevelStore? store = null)
    {
        using var source = FeatureSource.Open(encoder);
        return FeatureExtraction.Run(
            source, new EvaluationStore(store ?? new LevelStore(), "store", "fingerprint"), videos ?? Videos, ExtractModality.Video, options ?? Options, In(output), null, TestContext.Current.CancellationToken);
    }

    private string Bytes(string output)
    {
        var text = new StringBuilder();
        foreach (var file in Directory.GetFiles(In(output)).Order(StringComparer.Ordinal))
        {
            text.Append(Path.GetFileName(file)).Append(' ').AppendLine(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))));
        }

        return text.ToString();
    }

    private static (string Shape, float[] Values) ReadNpy(byte[] file)
    {
        var header = 10 + BitConverter.ToUInt16(file, 8);
        var text = Encoding.ASCII.GetString(file, 10, header - 10);
        var from = text.IndexOf('(', StringComparison.Ordinal);
        var values = new float[(file.Length - header) / sizeof(float)];
        Buffer.BlockCopy(file, header, values, 0, values.Length * sizeof(float));
        return (text[from..(text.IndexOf(')', StringComparison.Ordinal) + 1)], values);
    }

    private static void ShouldBeClose(float[] got, float[] wanted)
    {
        got.Length.ShouldBe(wanted.Length);
        got.Zip(wanted, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-5f * wanted.Max(Math.Abs));
    }
}
