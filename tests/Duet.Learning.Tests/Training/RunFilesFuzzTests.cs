using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Duet.Data;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Extraction;
using Duet.Learning.Pretext.Clustering;
using Duet.Learning.Training;
using Duet.Learning.Weights;
using Duet.Tests.Shared.Fuzzing;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Training;

/// <summary>Damaged files of a run folder, which may be a stranger's: checkpoints, cards, and the small files beside them.</summary>
[Trait("Category", "Slow")]
public sealed class RunFilesFuzzTests : IDisposable
{
    private static readonly byte[][] Words =
    [
        .. "null;[];{};\"\";-1;0;1e308;0.5;9223372036854775807;99999999999999999999;true;[null];{\"a\":1,\"a\":2};\"1/0\";\"../../x\";[[[[[[[[;\\ud800;\u0000;\u00ff;,;:;\n".Split(';').Select(Encoding.Latin1.GetBytes),
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("duet-run-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>The JSON beside a checkpoint's tensors, its own hash mended: what a stranger would write, and not what a disk does.</summary>
    [Theory]
    [InlineData("avts")]
    [InlineData("xdc")]
    public void Checkpoints_of_strangers(string method)
    {
        Directory.CreateDirectory(In("checkpoints"));
        File.Copy(Fixture(method, "checkpoints", "step-00000002.safetensors"), In("checkpoints", "step-00000002.safetensors"));
        Directory.CreateDirectory(In("pseudo-labels"));
        foreach (var part in method == "xdc" ? Directory.GetFiles(Fixture(method, "pseudo-labels")) : [])
        {
            File.Copy(part, In("pseudo-labels", Path.GetFileName(part)));
        }

        var json = File.ReadAllBytes(Fixture(method, "checkpoints", "step-00000002.json"));
        var run = new RunFolder(folder);
        Fuzz($"checkpoint-{method}", 2_000, [json], bytes =>
        {
            File.WriteAllBytes(In("checkpoints", "step-00000002.json"), bytes);
            using var scope = NewDisposeScope();
            using var checkpoint = Checkpoints.ToResume(run) ?? throw new InvalidOperationException("a checkpoint was overlooked");
            var state = checkpoint.TaskState();
            _ = state.SpectrogramStatistics;
            if (method == "xdc")
            {
                _ = ClusteringTask.HasLabels(state);
            }
            else
            {
                _ = (state.Value<int>("collapse_low"), state.Value<int>("collapse_announced_stage"));
            }
        }, wrap: Mended, refused: 0.3);
    }

    /// <summary>With the right hash over it.</summary>
    [Theory]
    [InlineData("format")]
    [InlineData("sha256")]
    [InlineData("recipe")]
    [InlineData("store")]
    [InlineData("state")]
    [InlineData("task")]
    [InlineData("parts")]
    [InlineData("check")]
    [InlineData("interval_sums")]
    [InlineData("plateau")]
    [InlineData("parts", "[null]")]
    [InlineData("parts", """[{"path": null, "sha256": "a"}]""")]
    [InlineData("parts", """[{"path": "recipe.yaml"}]""")]
    public void A_checkpoint_with_nothing_where_a_value_belongs_can_not_be_used(string key, string value = "null")
    {
        Directory.CreateDirectory(In("checkpoints"));
        File.Copy(Fixture("avts", "checkpoints", "step-00000002.safetensors"), In("checkpoints", "step-00000002.safetensors"));
        var json = JsonNode.Parse(File.ReadAllBytes(Fixture("avts", "checkpoints", "step-00000002.json")))!.AsObject();
        Write();
        Checkpoints.ToResume(new RunFolder(folder)).ShouldNotBeNull().Dispose();

        (json.ContainsKey(key) ? json : json["state"]!.AsObject())[key] = JsonNode.Parse(value);
        Write();
        Should.Throw<TrainingException>(() => Checkpoints.ToResume(new RunFolder(folder))).Message.ShouldContain("can't be used");

        void Write() => File.WriteAllBytes(In("checkpoints", "step-00000002.json"), Mended(Encoding.UTF8.GetBytes(json.ToJsonString(RunJson.File))));
    }

    [Fact]
    public void Which_videos_a_run_learned_from()
    {
        var run = new RunFolder(folder);
        Fuzz("run-store", 5_000, [File.ReadAllBytes(Fixture("avts", "store.json"))], bytes =>
        {
            File.WriteAllBytes(run.StoreFile, bytes);
            var store = RunStore.Read(run);
            _ = (store.Taught(), store.DifferenceInWords(store));
        });
    }

    [Fact]
    public void Environments()
    {
        var now = RunJson.Read<RunEnvironment>(Fixture("avts", "environment.json"), "");
        Fuzz("environment", 4_000, [File.ReadAllBytes(Fixture("avts", "environment.json"))], bytes =>
        {
            File.WriteAllBytes(In("environment.json"), bytes);
            var differing = RunJson.Read<RunEnvironment>(In("environment.json"), "").DifferencesThatMatter(now);
            if (differing.Count > 0)
            {
                RunEnvironment.Warning(differing).ShouldNotBeEmpty();
            }
        });
    }

    [Fact]
    public void Finetunings()
    {
        var run = new RunFolder(folder);
        byte[] origin = [.. """{"format": "duet.finetune/1", "run": "runs/a", "method": "avts", "step": 7, "weights": "0123456789abcdef", "store": "s", "store_fingerprint": "abc", "splits": ["split1"], "videos": ["a", "b"]}"""u8];
        Fuzz("finetune-origin", 4_000, [origin], bytes =>
        {
            File.WriteAllBytes(In("finetune.json"), bytes);
            var read = FinetuneOrigin.Read(In("finetune.json"));
            _ = (read.Weights.Length, read.Splits.Count, read.Videos.Count, read.StoreFingerprint.Length);
        });
        Fuzz("sweep-point", 4_000, [.. new[] { """{"learning_rate": 0.01, "accuracy": 0.5, "loss": 1.5, "videos": 20}""" }.Select(Encoding.UTF8.GetBytes)], bytes =>
        {
            File.WriteAllBytes(FinetuneFolder.ValidationFile(run), bytes);
            _ = FinetuneSweeper.Read(run);
        });
    }

    /// <summary>A log that can't be read is begun anew; what is read of it must be whole. There is nothing to refuse.</summary>
    [Fact]
    public void Predictions()
    {
        var path = In("predictions.jsonl");
        File.Delete(path);
        var log = PredictionLog.Open(path, "net");
        log.Add([new VideoPrediction("a", "x", "y", 2, 0.6, 0.4, ["y", "x"], 3)], []);
        log.Add([], [new Duet.Learning.Evaluation.LeftOut("b", "b.mp4", "too short")]);
        Fuzz("predictions", 500, [File.ReadAllBytes(path)], bytes =>
        {
            File.WriteAllBytes(path, bytes);
            var read = PredictionLog.Open(path, "net");
            _ = (read.Predictions.Sum(p => p.VideoId.Length + p.Top.Sum(t => t.Length)), read.LeftOut.Sum(l => l.Reason.Length));
        }, refused: -1);
    }

    /// <summary>Who holds a lock: what can't be read is nobody.</summary>
    [Fact]
    public void Holders() => Fuzz("holder", 4_000, [.. new[] { """{"host": "a", "pid": 12, "since": "2026-01-02T03:04:05+00:00"}""" }.Select(Encoding.UTF8.GetBytes)], bytes =>
    {
        File.WriteAllBytes(In("run.pid"), bytes);
        _ = (RunHolder.Read(In("run.pid"))?.MayLive(), RunHolder.Read(In("run.pid"))?.ToString());
    }, refused: -1);

    [Fact]
    public void Arrays_that_were_extracted()
    {
        File.WriteAllBytes(In("f.npy"), [1, 2, 3]);
        File.WriteAllText(In("f.npy.csv"), "row,clip,video,start,modality,layer\n");
        var sample = """{"duet.extract": "1", "duet.rows": "3", "duet.rows_sha256": "ab", "duet.left_out": "[{\"video_id\":\"a\",\"source_path\":\"b\",\"reason\":\"c\"}]", "npy_sha256": "x", "csv_sha256": "y"}"""u8.ToArray();
        var file = new NpyFile(In("f.npy"), 4);
        Fuzz("npy", 4_000, [sample], bytes =>
        {
            File.WriteAllBytes(In("f.npy.json"), bytes);
            _ = file.Find(new Dictionary<string, string>(StringComparer.Ordinal) { ["duet.extract"] = "1" }, deep: true, CancellationToken.None);
        });
    }

    /// <summary>An encoder's card in a whole file of tensors.</summary>
    [Fact]
    public void Cards_of_encoders()
    {
        using var scope = NewDisposeScope();
        var (encoder, card) = EncoderFile.Load(Fixture("avts", "encoders", "audio.safetensors"));
        using (encoder)
        {
            Fuzz("encoder-card", 1_500, [Encoding.UTF8.GetBytes(card.ToJson())], bytes =>
            {
                using var inner = NewDisposeScope();
                SafeTensors.Write(In("e.safetensors"), encoder.state_dict(), new Dictionary<string, string>(StringComparer.Ordinal) { ["duet.card"] = Encoding.Latin1.GetString(bytes) });
                EncoderFile.Load(In("e.safetensors")).Encoder.Dispose();
            });
        }
    }

    [Fact]
    public void Cards_of_classifiers()
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["weight"] = zeros(2, 3), ["bias"] = zeros(2) };
        var sample = """{"format":"duet.classifier/1","classes":["a","b"],"inputs":[{"encoder":"video","layer":"conv5","channels":3,"pooling":"average"}],"average":"probabilities","run":"r","method":"avts","step":3,"store":"abc"}"""u8.ToArray();
        Fuzz("classifier-card", 2_500, [sample], bytes =>
        {
            using var inner = NewDisposeScope();
            SafeTensors.Write(In("c.safetensors"), tensors, new Dictionary<string, string>(StringComparer.Ordinal) { ["duet.classifier"] = Encoding.Latin1.GetString(bytes) });
            var (parameters, card) = ClassifierFile.Load(In("c.safetensors"));
            parameters.Dispose();
            (card.Classes.Sum(c => c.Length) + card.Inputs.Sum(i => i.Layer.Length)).ShouldBeGreaterThan(0);
        });
    }

    [Theory]
    [InlineData("""{"format":"duet.classifier/1","classes":["a","b"],"inputs":[null],"average":"probabilities","run":"r","method":"avts","step":3,"store":"abc"}""")]
    [InlineData("""{"format":"duet.classifier/1","classes":["a",null],"inputs":[{"encoder":"video","layer":"conv5","channels":3,"pooling":"average"}],"average":"probabilities","run":"r","method":"avts","step":3,"store":"abc"}""")]
    [InlineData("""{"format":"duet.classifier/1","classes":["a","b"],"inputs":[{"encoder":"video","layer":"conv5","channels":0,"pooling":"average"}],"average":"probabilities","run":"r","method":"avts","step":3,"store":"abc"}""")]
    public void A_classifier_s_card_with_nothing_where_a_class_or_an_input_belongs_is_refused(string json)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["weight"] = zeros(2, 3), ["bias"] = zeros(2) };
        SafeTensors.Write(In("c.safetensors"), tensors, new Dictionary<string, string>(StringComparer.Ordinal) { ["duet.classifier"] = json });
        Should.Throw<WeightsException>(() => ClassifierFile.Load(In("c.safetensors"))).Message.ShouldContain("names no class or no input");
    }

    [Theory]
    [InlineData("\"a text\"", "can't be read")]
    [InlineData("[1]", "can't be read")]
    [InlineData("""{"mean":null,"std":[1]}""", "can't be read")]
    public void A_method_s_value_of_another_kind_is_refused_by_its_name(string json, string why)
    {
        var state = TaskState.Empty with { Values = new JsonObject { ["spectrogram_statistics"] = JsonNode.Parse(json) } };
        var message = Should.Throw<TrainingException>(() => state.SpectrogramStatistics).Message;
        message.ShouldContain("spectrogram_statistics");
        message.ShouldContain(why);
        Should.Throw<TrainingException>(() => state.Value<int[]>("curriculum")).Message.ShouldContain("does not say 'curriculum'");
    }

    /// <summary>A line of JSON may name a network of two gigabytes.</summary>
    [Fact]
    public void A_card_that_names_a_larger_network_than_the_file_holds_is_refused_before_it_is_built()
    {
        using var scope = NewDisposeScope();
        var (encoder, card) = EncoderFile.Load(Fixture("avts", "encoders", "video.safetensors"));
        using (encoder)
        {
            var json = JsonNode.Parse(card.ToJson())!;
            json["encoder"]!["width"] = 4.0;
            json["encoder"]!["stages"] = 0;
            SafeTensors.Write(In("e.safetensors"), encoder.state_dict(), new Dictionary<string, string>(StringComparer.Ordinal) { ["duet.card"] = json.ToJsonString() });
        }

        Should.Throw<WeightsException>(() => EncoderFile.Load(In("e.safetensors"))).Message.ShouldContain("and more. The file was changed");
    }

    private static byte[] Mended(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var at = text.LastIndexOf("\"check\": \"", StringComparison.Ordinal) + 10;
        if (at < 10 || at + 64 > text.Length)
        {
            return bytes;
        }

        var empty = string.Concat(text.AsSpan(0, at), new string('0', 64), text.AsSpan(at + 64));
        return Encoding.UTF8.GetBytes(string.Concat(text.AsSpan(0, at), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(empty))), text.AsSpan(at + 64)));
    }

    private static void Fuzz(string name, int inputs, byte[][] samples, Action<byte[]> read, Func<byte[], byte[]>? wrap = null, double refused = 0.1) =>
        new MutationFuzzer(name, samples) { Words = Words, Wrap = wrap ?? (bytes => bytes), AllocationLimit = length => (4L << 20) + (256L * length) }.Run(inputs, read).Checked(name, refused: refused);

    private static string Fixture(params string[] names) => Path.Combine([Path.GetDirectoryName(Path.GetDirectoryName(Here())!)!, "Fixtures", "versions", "2", .. names]);

    private static string Here([CallerFilePath] string path = "") => path;

    private string In(params string[] names) => Path.Combine([folder, .. names]);
}
