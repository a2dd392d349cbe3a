using System.Diagnostics;
using System.Text.Json;
using Duet.Cli.Tests.Support;
using Duet.Data.Tables;
using Duet.Learning.Evaluation;
using DuckDB.NET.Data;
using ParquetSharp;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary><c>duet extract</c> on a run, whatever happens in between, and who can read what it writes.</summary>
[Collection(TinyStore.Collection)]
[Trait("Category", "Slow")]
public sealed class ExtractTests(TinyStore tiny)
{
    [Fact]
    public void Both_modalities_are_read_at_the_same_times_and_open_elsewhere()
    {
        var result = tiny.Duet("extract", tiny.Run, "--store", "store", "--out", "both.parquet", "--layer", "conv1", "conv2", "embedding", "--clips", "3", "--json");
        result.ExitCode.ShouldBe(0, result.Error);
        var root = JsonDocument.Parse(result.Output).RootElement;
        root.GetProperty("kind").GetString().ShouldBe("extract");
        root.GetProperty("rows").GetInt64().ShouldBe(10 * 3 * 6);
        root.GetProperty("layers").EnumerateArray().Select(l => $"{l.GetProperty("modality")} {l.GetProperty("layer")} {l.GetProperty("features")}")
            .ShouldBe(["video conv1 8", "video conv2 8", "video embedding 16", "audio conv1 8", "audio conv2 24", "audio embedding 16"]);

        var path = tiny.In("both.parquet");
        var video = FeatureFile.Read(path, "video", "embedding");
        var audio = FeatureFile.Read(path, "audio", "embedding");
        video.Rows.Select(r => r.Clip).ShouldBe(audio.Rows.Select(r => r.Clip));
        foreach (var (seen, heard) in video.Rows.Zip(audio.Rows))
        {
            // 8 frames at 12.5 per second and 0.64 s of sound last equally long.
            heard.Start.ShouldBe(seen.Start, 1.0 / 16000);
        }

        video.Rows.Take(3).Select(r => r.Start).ShouldBeInOrder();
        InDuckDb(path, video, audio);
        InArrow(path, video, audio);
    }

    [Fact]
    public void A_killed_extraction_goes_on_where_it_was()
    {
        string[] command = ["extract", tiny.Run, "--store", "store", "--modality", "video", "--clips", "20", "--batch", "2", "--videos-per-part", "1", "--out"];
        var straight = tiny.Duet([.. command, "straight"]);
        straight.ExitCode.ShouldBe(0, straight.Error);

        using (var process = DuetProcess.Start(tiny.Folder, environment: null, [.. command, "killed"]))
        {
            while (!File.Exists(tiny.In("killed", "part-00001.parquet")))
            {
                process.HasExited.ShouldBeFalse();
                Thread.Sleep(1);
            }

            process.Kill();
            process.WaitForExit();
        }

        var done = Directory.GetFiles(tiny.In("killed"), "part-*").ToDictionary(f => f, File.GetLastWriteTimeUtc);
        done.Count.ShouldBeInRange(2, 9);
        tiny.Duet("cluster", "killed", "-k", "2").ShouldBeOneError(1, "is not complete", "Run 'duet extract' again");

        var second = tiny.Duet([.. command, "killed", "--json"]);
        second.ExitCode.ShouldBe(0, second.Error);
        var parts = JsonDocument.Parse(second.Output).RootElement.GetProperty("parts");
        parts.GetProperty("found").GetInt32().ShouldBe(done.Count);
        parts.GetProperty("written").GetInt32().ShouldBe(10 - done.Count);
        foreach (var (file, written) in done)
        {
            File.GetLastWriteTimeUtc(file).ShouldBe(written);
        }

        Files("killed").ShouldBe(Files("straight"));
        Directory.GetFiles(tiny.In("killed"), ".*").ShouldBeEmpty("what the killed process left behind is cleared away");
        tiny.Duet("cluster", "killed", "-k", "2").ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Two_processes_share_a_folder()
    {
        string[] command = ["extract", tiny.Run, "--store", "store", "--modality", "audio", "--pooling", "max", "--videos-per-part", "2", "--out"];
        tiny.Duet([.. command, "one"]).ExitCode.ShouldBe(0);
        Process[] two = [.. new[] { "1/2", "2/2" }.Select(s => DuetProcess.Start(tiny.Folder, environment: null, [.. command, "two", "--shard", s]))];
        foreach (var process in two)
        {
            using var own = process;
            var error = own.StandardError.ReadToEndAsync();
            (await own.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldContain("of this shard and 5 in all");
            await own.WaitForExitAsync(TestContext.Current.CancellationToken);
            own.ExitCode.ShouldBe(0, await error);
        }

        Files("two").ShouldBe(Files("one"));
    }

    [Fact]
    public void An_array_for_numpy_comes_from_an_encoders_file()
    {
        var result = tiny.Duet("extract", $"{tiny.Run}/encoders/audio.safetensors", "--store", "store", "--layer", "conv3", "--pooling", "flatten", "--clips", "2", "--out", "audio.npy");
        result.ExitCode.ShouldBe(0, result.Error);
        result.Output.ShouldContain("20 rows of 10 videos, flatten pooling, fp32.");
        File.ReadLines(tiny.In("audio.npy.csv")).Count().ShouldBe(21);
        File.ReadAllBytes(tiny.In("audio.npy"))[1..6].ShouldBe("NUMPY"u8.ToArray());
    }

    [Fact]
    public void Short_videos_are_listed_and_the_exit_code_says_so()
    {
        Directory.CreateDirectory(tiny.In("short"));
        var videos = Directory.GetFiles(tiny.In("videos"), "*.mp4", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        File.Copy(videos[0], tiny.In("short", "long.mp4"), overwrite: true);
        using (var ffmpeg = Process.Start(new ProcessStartInfo("ffmpeg", ["-v", "error", "-y", "-i", videos[1], "-t", "0.4", tiny.In("short", "short.mp4")]))!)
        {
            ffmpeg.WaitForExit();
            ffmpeg.ExitCode.ShouldBe(0);
        }

        tiny.Duet("ingest", "short", "--store", "shortstore", "--min-seconds", "0.1").ExitCode.ShouldBe(0);
        var result = tiny.Duet("extract", tiny.Run, "--store", "shortstore", "--out", "short.parquet", "--clips", "2", "--json");
        result.ExitCode.ShouldBe(3, result.Error);
        var left = JsonDocument.Parse(result.Output).RootElement.GetProperty("left_out");
        left.GetArrayLength().ShouldBe(1);
        left[0].GetProperty("source_path").GetString()!.ShouldEndWith("short.mp4");
        left[0].GetProperty("reason").GetString()!.ShouldContain("shorter than a clip");
        FeatureFile.Read(tiny.In("short.parquet"), "video").Rows.Count.ShouldBe(2);
    }

    [Fact]
    public void What_cant_be_done_is_told_before_anything_is_read()
    {
        string[] command = ["extract", tiny.Run, "--store", "store"];
        tiny.Duet([.. command, "--out", "x", "--layer", "conv9"]).ShouldBeOneError(2, "has no layer 'conv9'; it has conv1, conv2, embedding");
        tiny.Duet([.. command, "--out", "x", "--layer", "embedding", "--pooling", "max"]).ShouldBeOneError(2, "is a vector");
        tiny.Duet([.. command, "--out", "x.parquet", "--shard", "1/2"]).ShouldBeOneError(2, "Name a folder");
        tiny.Duet([.. command, "--out", "x", "--shard", "3/2"]).ShouldBeOneError(2, "--shard 3/2: it must be I/N");
        tiny.Duet([.. command, "--out", "x.parquet", "--videos-per-part", "2"]).ShouldBeOneError(2, "writes parts");
        tiny.Duet([.. command, "--out", "x.npy"]).ShouldBeOneError(2, "holds one array");
        tiny.Duet([.. command, "--out", "x", "--split", "tset"]).ShouldBeOneError(2, "no split 'tset'", "Did you mean 'test'?");
        tiny.Duet("extract", $"{tiny.Run}/encoders/audio.safetensors", "--store", "store", "--out", "x", "--modality", "video").ShouldBeOneError(2, "has no video encoder");
        tiny.Duet("extract", "nothing", "--store", "store", "--out", "x").ShouldBeOneError(2, "neither a run's folder nor an encoder's file");
        tiny.Duet([.. command, "--out", "/proc/x"]).ShouldBeOneError(1, "/proc/x");
        Directory.Exists(tiny.In("x")).ShouldBeFalse();
    }

    private IEnumerable<string> Files(string output) => Directory.GetFiles(tiny.In(output), "part-*").Order(StringComparer.Ordinal)
        .Select(f => $"{Path.GetFileName(f)} {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}");

    /// <summary>DuckDB's own reader.</summary>
    private static void InDuckDb(string path, FeatureFile video, FeatureFile audio)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"select clip, video, start, feature from '{path}' where modality = 'audio' and layer = 'embedding'";
        using (var reader = command.ExecuteReader())
        {
            for (var i = 0; i < audio.Rows.Count; i++)
            {
                reader.Read().ShouldBeTrue();
                reader.GetString(0).ShouldBe(audio.Rows[i].Clip);
                reader.GetString(1).ShouldBe(audio.Rows[i].Video);
                reader.GetDouble(2).ShouldBe(audio.Rows[i].Start);
                reader.GetFieldValue<List<float>>(3).ShouldBe(audio.Features.Row(i).ToArray());
            }

            reader.Read().ShouldBeFalse();
        }

        command.CommandText = $"select layer, modality, count(*), any_value(len(feature)) from '{path}' group by all order by modality, layer";
        using (var reader = command.ExecuteReader())
        {
            reader.Read().ShouldBeTrue();
            $"{reader.GetString(0)} {reader.GetString(1)} {reader.GetInt64(2)} {reader.GetInt64(3)}".ShouldBe("conv1 audio 30 8");
        }

        command.CommandText = $"select decode(value) from parquet_kv_metadata('{path}') where decode(key) = 'duet.layers'";
        JsonDocument.Parse((string)command.ExecuteScalar()!).RootElement.GetArrayLength().ShouldBe(6);
        video.Metadata["duet.layers"].ShouldBe((string)command.ExecuteScalar()!);
    }

    /// <summary>Arrow's C++ reader, the one under pyarrow and pandas.</summary>
    private static void InArrow(string path, FeatureFile video, FeatureFile audio)
    {
        using var file = new ParquetFileReader(path);
        file.FileMetaData.KeyValueMetadata["duet.video.seconds"].ShouldBe("0.64");
        file.FileMetaData.KeyValueMetadata["duet.rows"].ShouldBe("180");
        var read = new Dictionary<(string, string), List<float[]>>();
        for (var g = 0; g < file.FileMetaData.NumRowGroups; g++)
        {
            using var group = file.RowGroup(g);
            var rows = checked((int)group.MetaData.NumRows);
            var modalities = Column<string>(group, 3, rows);
            var layers = Column<string>(group, 4, rows);
            var features = Column<float[]>(group, 5, rows);
            Column<double>(group, 2, rows).ShouldAllBe(s => s >= 0);
            for (var i = 0; i < rows; i++)
            {
                if (!read.TryGetValue((modalities[i], layers[i]), out var list))
                {
                    read.Add((modalities[i], layers[i]), list = []);
                }

                list.Add(features[i]);
            }
        }

        read.Count.ShouldBe(6);
        foreach (var (name, wanted) in new[] { ("video", video), ("audio", audio) })
        {
            var got = read[(name, "embedding")];
            got.SelectMany(f => f).ShouldBe(wanted.Features.Values);
        }
    }

    private static T[] Column<T>(RowGroupReader group, int index, int rows)
    {
        using var column = group.Column(index).LogicalReader<T>();
        return column.ReadAll(rows);
    }
}
