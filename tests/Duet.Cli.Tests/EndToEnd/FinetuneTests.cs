using System.Text.Json;
using Duet.Cli.Tests.Support;
using Duet.Tests.Shared.Datasets;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

/// <summary>From data sets as they are distributed, through ingest, to a finetuned and tested network.</summary>
[Trait("Category", "Slow")]
public sealed class FinetuneTests : IDisposable
{
    private const string Protocol = """
        name: tiny
        protocol: finetune
        clip: { frames: 4, frame_rate: 25/2, size: 32, scales: [1.0], audio_seconds: 0.32 }
        spectrogram: { normalisation: per_bin }
        video: { name: mc3_18, width: 0.125, stages: 2 }
        audio: { name: resnet18_audio, width: 0.125, stages: 2 }
        finetune: { weights: scratch, epochs: 8, learning_rates: [0.05, 0.00001], validation_share: 0.25, test_clips: 3, resamples: 100 }
        training: { epoch_size: 48, batch: 8, threads: 1, workers: 1, log_every: 4, statistics_clips: 8 }
        """;

    private const string Pretraining = """
        name: tiny
        method: avts
        clip: { frames: 4, frame_rate: 25/2, size: 32, audio_seconds: 0.32 }
        video: { name: mc3_18, width: 0.125, stages: 2 }
        audio: { name: vgg_m, width: 0.125, stages: 2 }
        head: { time_bins: 2, hidden: 32, embedding: 16 }
        avts:
          curriculum:
            - { epochs: 2, easy: 1 }
        training: { epoch_size: 16, batch: 8, threads: 1, workers: 1, log_every: 1, validation_clips: 8, statistics_clips: 8 }
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("duet-finetune-").FullName;

    public FinetuneTests()
    {
        File.WriteAllText(In("tiny.yaml"), Protocol);
        File.WriteAllText(In("pretrain.yaml"), Pretraining);
    }

    [Fact]
    public void Ucf101_from_scratch_is_swept_on_split_1_and_tested_on_all_three()
    {
        MiniatureUcf101.Make(In("UCF101"), new MiniatureOptions(Playable: true));
        Ingest("UCF101", "ucf101", "video");
        var result = Json(Duet("eval", "finetune", "--store", "store", "--protocol", "tiny.yaml", "--out", "out", "--json"), 0);

        var splits = result.GetProperty("splits").EnumerateArray().ToArray();
        splits.Select(s => (s.GetProperty("name").GetString(), s.GetProperty("train").GetInt32(), s.GetProperty("test").GetInt32(), s.GetProperty("chosen_on").GetString(), s.GetProperty("sweep").GetArrayLength()))
            .ShouldBe([("split1", 12, 6, "split1", 2), ("split2", 12, 6, "split1", 0), ("split3", 12, 6, "split1", 0)]);
        splits.ShouldAllBe(s => s.GetProperty("learning_rate").GetDouble() == 0.05);
        var row = result.GetProperty("results")[0];
        row.GetProperty("mean_of_folds").GetDouble().ShouldBeGreaterThan(0.6); // of three classes
        row.GetProperty("per_class").EnumerateObject().Select(c => c.Name).ShouldBe(MiniatureUcf101.Classes);
        row.GetProperty("predictions").GetArrayLength().ShouldBe(18);
        File.Exists(In("out", "split3", "final", "encoders", "classifier.safetensors")).ShouldBeTrue();
        JsonElement.DeepEquals(JsonDocument.Parse(File.ReadAllText(In("out", "result.json"))).RootElement, result).ShouldBeTrue();
    }

    [Fact]
    public void Hmdb51_is_finetuned_on_some_of_its_splits()
    {
        MiniatureHmdb51.Make(In("HMDB51"), new MiniatureOptions(Playable: true));
        Ingest("HMDB51", "hmdb51", "video");
        var result = Duet(
            "eval", "finetune", "--store", "store", "--protocol", "tiny.yaml", "--out", "out", "--splits", "1,split3", "--set", "finetune.layers=fc", "--set", "finetune.learning_rates=[0.5]", "--set", "finetune.test_sampling=dense");
        result.ExitCode.ShouldBe(0, result.Error);
        result.Output.ShouldContain("split1");
        result.Output.ShouldContain("split3");
        result.Output.ShouldNotContain("split2");
        result.Output.ShouldContain("the classifier alone");
        result.Output.ShouldContain("dense clips");
        Duet("eval", "finetune", "--store", "store", "--protocol", "tiny.yaml", "--out", "other", "--splits", "4").ShouldBeOneError(2, "no division '4'", "split1, split2, split3");
    }

    [Fact]
    public void Dcase2014_is_finetuned_by_its_sound()
    {
        MiniatureDcase2014.Make(In("dcase2014"), new MiniatureOptions(Playable: true));
        Ingest("dcase2014", "dcase2014", "audio");
        var result = Json(Duet("eval", "finetune", "--store", "store", "--protocol", "tiny.yaml", "--out", "out", "--set", "finetune.modality=audio", "--json"), 0);
        result.GetProperty("results")[0].GetProperty("modality").GetString().ShouldBe("audio");
        result.GetProperty("results")[0].GetProperty("accuracy").GetDouble().ShouldBeGreaterThan(0.6);
        result.GetProperty("splits")[0].GetProperty("test").GetInt32().ShouldBe(9);

        // Frames are asked of a store of sound.
        Duet("eval", "finetune", "--store", "store", "--protocol", "tiny.yaml", "--out", "other").ShouldBeOneError(2, "Fewer than two classes", "lack a stream");
    }

    [Fact]
    public void Kinetics_is_finetuned_by_sight_and_sound_after_pretraining_and_goes_on_after_an_interruption()
    {
        MiniatureKinetics.Make(In("kinetics"), new MiniatureOptions(Playable: true));
        Ingest("kinetics", "kinetics", "both");
        var pretrained = Duet("pretrain", "pretrain.yaml", "--store", "store", "--run", "run");
        pretrained.ExitCode.ShouldBe(0, pretrained.Error);

        string[] words = ["eval", "finetune", "run", "--store", "store", "--protocol", "tiny.yaml", "--set", "finetune.modality=both", "--set", "finetune.weights=pretrained", "--set", "finetune.learning_rates=[0.05]"];
        var stopped = DuetProcess.RunUntil(folder, "step 4 of ", Signals.SendInterrupt, words);
        stopped.ExitCode.ShouldBe(130, stopped.Error);
        var goOn = stopped.Output.Split('\n').Single(l => l.StartsWith("  duet eval finetune", StringComparison.Ordinal));
        goOn.ShouldBe("  duet eval finetune run --store store --protocol tiny.yaml --set finetune.modality=both --set finetune.weights=pretrained --set 'finetune.learning_rates=[0.05]' --resume");
        Duet(words).ShouldBeOneError(2, "--resume");

        var result = Json(Duet([.. words, "--resume", "--json"]), 0);
        (result.GetProperty("method").GetString(), result.GetProperty("splits")[0].GetProperty("name").GetString()).ShouldBe(("avts", "val"));
        result.GetProperty("networks").EnumerateArray().Select(n => n.GetString()).ShouldBe(["mc3_18", "vgg_m"]);
        result.GetProperty("results")[0].GetProperty("predictions").GetArrayLength().ShouldBe(6);
        File.Exists(In("run", "finetune", "tiny", "result.json")).ShouldBeTrue();
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string In(params string[] parts) => Path.Combine([folder, .. parts]);

    private DuetResult Duet(params string[] arguments) => DuetProcess.RunIn(folder, environment: null, arguments);

    /// <summary>Exit code 3: each miniature has files that are missing or broken.</summary>
    private void Ingest(string source, string layout, string streams) => Duet("ingest", source, "--store", "store", "--layout", layout, "--streams", streams).ExitCode.ShouldBe(3);

    private static JsonElement Json(DuetResult result, int exitCode)
    {
        result.ExitCode.ShouldBe(exitCode, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }
}
