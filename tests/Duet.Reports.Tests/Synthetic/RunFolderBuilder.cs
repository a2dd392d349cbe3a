using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Duet.Reports.Tests.Synthetic;

/// <summary>Writes run folders that look like real ones: two stages of a curriculum, results with intervals, examples with a spectrogram.</summary>
internal sealed class RunFolderBuilder : IDisposable
{
    public static readonly string[] Labels = ["blink", "bounce", "drum", "hammer", "pluck", "rain", "rotation", "slide", "swing", "sweep"];

    private readonly Random random = new(7);

    public RunFolderBuilder() => Directory.CreateDirectory(Folder);

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), "duet-report-" + Guid.NewGuid().ToString("N"));

    public string File(string name) => Path.Combine(Folder, name);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    public RunFolderBuilder Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllText(File(name), text);
        return this;
    }

    public RunFolderBuilder Write(string name, JsonNode json) => Write(name, json.ToJsonString());

    /// <summary>Everything that a demo leaves behind.</summary>
    public RunFolderBuilder Demo() => Recipe().Metrics().Environment().Store().Write("result.json", DemoResult());

    public RunFolderBuilder Recipe() => Write("run/recipe.yaml", """
        # duet pretrain avts_small_cpu
        name: avts_r2plus1d_scenes_8x56
        method: avts
        seed: 0
        clip:
          frames: 8
          frame_rate: 12.5
          size: 56
          audio_seconds: 0.64 # as long as the frames
        pairs:
          gap_seconds: 0.5
        video:
          name: r2plus1d_18
          width: 0.25
        audio:
          name: vgg_m
        avts:
          loss: contrastive
          margin: 0.99
          curriculum:
            - {epochs: 6, easy: 1.0}
            - {epochs: 4, easy: 0.75, hard: 0.25, super_hard: 0}
        """);

    public RunFolderBuilder Metrics(int steps = 1200)
    {
        var text = new StringBuilder();
        for (int step = 4; step <= steps; step += 4)
        {
            double done = (double)step / steps;
            bool second = done > 0.6;
            double settle = second ? Math.Exp(-(done - 0.6) * 8) * 0.16 : 0;
            double positive = 0.62 - (0.42 * (1 - Math.Exp(-done * 5))) + settle + Noise(0.03);
            double negative = 0.62 + (0.45 * (1 - Math.Exp(-done * 4))) - settle + Noise(0.03);
            Line(text, new JsonObject
            {
                ["kind"] = "train",
                ["step"] = step,
                ["epoch"] = step * 10 / steps,
                ["loss"] = 0.05 + (0.24 * Math.Exp(-done * 4)) + (settle / 3) + Math.Abs(Noise(0.02)),
                ["positive_distance"] = positive,
                ["negative_distance"] = negative,
                ["learning_rate"] = 0.02 * Math.Min(1, step / 100.0) * 0.5 * (1 + Math.Cos(Math.PI * done)),
                ["clips_per_second"] = 210 + Noise(12),
                ["data_wait_share"] = 0.02 + Math.Abs(Noise(0.02)) + (step < 20 ? 0.1 : 0),
                ["seconds"] = step * 0.19,
                ["embedding_std_video"] = 0.062 + (0.02 * done) + Noise(0.001),
                ["embedding_std_audio"] = 0.058 + (0.022 * done) + Noise(0.001),
                ["stage"] = second ? 1 : 0,
            });
            if (step % 120 == 0)
            {
                Line(text, new JsonObject
                {
                    ["kind"] = "validation",
                    ["step"] = step,
                    ["epoch"] = step * 10 / steps,
                    ["loss"] = 0.07 + (0.24 * Math.Exp(-done * 4)) + (settle / 3),
                    ["accuracy"] = 0.95 - (0.42 * Math.Exp(-done * 5)) - settle,
                    ["accuracy_easy"] = 0.97 - (0.42 * Math.Exp(-done * 6)) - (settle / 2),
                    ["accuracy_hard"] = 0.88 - (0.38 * Math.Exp(-done * 3)) - settle,
                    ["positive_distance"] = positive + 0.03,
                    ["negative_distance"] = negative - 0.03,
                });
            }
        }

        Line(text, new JsonObject { ["kind"] = "event", ["step"] = 720, ["message"] = "stage 2 begins: 75 % easy, 25 % hard negatives" });
        return Write("run/metrics.jsonl", text.ToString());
    }

    public RunFolderBuilder Environment() => Write("run/environment.json", new JsonObject
    {
        ["command"] = "duet demo --out runs/demo",
        ["duet"] = "0.1.0",
        ["dotnet"] = "10.0.1",
        ["libtorch"] = "2.10.0",
        ["os"] = "Debian GNU/Linux 12",
        ["cpu"] = "Intel(R) Xeon(R) Processor @ 2.60GHz",
        ["threads"] = 2,
        ["precision"] = "bf16",
        ["cpu_features"] = new JsonArray("avx2", "avx512f", "avx512_bf16", "amx_bf16"),
    });

    public RunFolderBuilder Store() => Write("run/store.json", new JsonObject
    {
        ["fingerprint"] = "9f2c51d0a1b7a3f4c0de55aa10ff3391d8f01b2c3d4e5f60718293a4b5c6d7e8",
        ["path"] = "store",
        ["train"] = Ids(240),
        ["validation"] = Ids(60),
        ["test"] = Ids(100),
    });

    public JsonObject DemoResult() => new()
    {
        ["format"] = "duet.result/1",
        ["kind"] = "demo",
        ["seed"] = 0,
        ["seconds"] = new JsonObject { ["generate"] = 61.2, ["ingest"] = 44.8, ["train"] = 312.4, ["evaluate"] = 48.0 },
        ["store"] = new JsonObject { ["videos"] = 400, ["minutes"] = 40.1 },
        ["training"] = new JsonObject { ["steps"] = 1200 },
        ["sync"] = SyncResult(),
        ["probe"] = ProbeResult(),
    };

    public JsonObject SyncResult()
    {
        var edges = Enumerable.Range(0, 49).Select(i => i * 0.03).ToArray();
        return new JsonObject
        {
            ["format"] = "duet.result/1",
            ["kind"] = "sync",
            ["run"] = "runs/demo/run",
            ["recipe"] = "avts_r2plus1d_scenes_8x56",
            ["store"] = "store",
            ["seed"] = 0,
            ["threshold"] = 0.5312,
            ["validation"] = new JsonObject { ["videos"] = 60, ["pairs"] = 480 },
            ["test"] = new JsonObject { ["videos"] = 100, ["pairs"] = 2400 },
            ["kinds"] = new JsonObject
            {
                ["easy"] = Kind(0.9312, 0.9105, 0.9498, 0.978, 0.969, 0.986),
                ["hard"] = Kind(0.8287, 0.7981, 0.8571, 0.894, 0.871, 0.915),
                ["super_hard"] = Kind(0.6643, 0.6298, 0.6977, 0.702, 0.664, 0.741),
            },
            ["histograms"] = new JsonObject
            {
                ["edges"] = new JsonArray([.. edges.Select(e => (JsonNode)Math.Round(e, 4))]),
                ["positive"] = Hill(edges, 0.27, 0.11),
                ["easy"] = Hill(edges, 1.02, 0.16),
                ["hard"] = Hill(edges, 0.82, 0.19),
                ["super_hard"] = Hill(edges, 0.62, 0.2),
            },
            ["threshold_kinds"] = new JsonArray("easy", "hard"),
            ["offsets"] = new JsonObject
            {
                ["clips"] = 96,
                ["step_seconds"] = 0.08,
                ["median_absolute_seconds"] = 0.08,
                ["within"] = new JsonArray(
                    new JsonObject { ["steps"] = 0, ["seconds"] = 0, ["share"] = 0.4479, ["share_ci95"] = new JsonArray(0.3523, 0.5475), ["chance"] = 0.04 },
                    new JsonObject { ["steps"] = 1, ["seconds"] = 0.08, ["share"] = 0.7604, ["share_ci95"] = new JsonArray(0.6662, 0.8347), ["chance"] = 0.12 }),
            },
            ["left_out"] = new JsonArray(new JsonObject { ["video_id"] = Id(99), ["source_path"] = "scenes/drum/short.mp4", ["reason"] = "too short to shift its sound both ways" }),
            ["examples"] = new JsonArray([.. Enumerable.Range(0, 6).Select(i => (JsonNode)Example(i))]),
        };
    }

    public JsonObject ProbeResult() => new()
    {
        ["format"] = "duet.result/1",
        ["kind"] = "probe",
        ["run"] = "runs/demo/run",
        ["store"] = "store",
        ["layer"] = new JsonObject { ["audio"] = "conv5", ["video"] = "conv5" },
        ["clips_per_video"] = 10,
        ["random_baseline"] = new JsonObject { ["seeds"] = new JsonArray(100, 101, 102), ["batch_norm"] = "calibrated" },
        ["c"] = 1.0,
        ["results"] = new JsonArray(
            ProbeRow("audio", "pretrained", 0.914, 0.86, 0.955, 0.9),
            ProbeRow("audio", "random", 0.703, 0.62, 0.784, 0.66),
            ProbeRow("video", "pretrained", 0.836, 0.765, 0.899, 0.82),
            ProbeRow("video", "random", 0.541, 0.445, 0.632, 0.5)),
        ["differences"] = new JsonObject
        {
            ["audio"] = new JsonObject { ["points"] = 21.1, ["ci95"] = new JsonArray(13.9, 28.7) },
            ["video"] = new JsonObject { ["points"] = 29.5, ["ci95"] = new JsonArray(20.2, 38.4) },
        },
    };

    /// <summary>A finetuning's result over two splits.</summary>
    public JsonObject Finetuning(string method = "avts") => new()
    {
        ["format"] = "duet.result/1",
        ["kind"] = "finetune",
        ["run"] = "runs/demo/run",
        ["method"] = method,
        ["dataset"] = "own",
        ["protocol"] = "finetune_own_small_cpu",
        ["layers"] = "all",
        ["networks"] = new JsonArray("resnet18_audio"),
        ["clip"] = "2 s of sound",
        ["label_share"] = 0.5,
        ["test_clips"] = 10,
        ["store"] = "store",
        ["results"] = new JsonArray(ProbeRow("audio", "pretrained", 0.8, 0.7, 0.9, 0.8)),
        ["splits"] = new JsonArray(new JsonObject { ["name"] = "split1", ["train"] = 120, ["test"] = 60, ["learning_rate"] = 0.01, ["accuracy"] = 0.82 }),
    };

    public static JsonObject Kind(double accuracy, double low, double high, double auc, double aucLow, double aucHigh) => new()
    {
        ["accuracy"] = accuracy,
        ["accuracy_ci95"] = new JsonArray(low, high),
        ["auc"] = auc,
        ["auc_ci95"] = new JsonArray(aucLow, aucHigh),
        ["pairs"] = 1600,
        ["videos"] = 100,
    };

    public static string Id(int i) => new string("0123456789abcdef"[i % 16], 28) + i.ToString("x4", CultureInfo.InvariantCulture);

    private static JsonArray Ids(int count) => new([.. Enumerable.Range(0, count).Select(i => (JsonNode)Id(i))]);

    /// <summary>Neighbours within the pictures and across; <paramref name="videos"/> are the ids of the queries and of what they find.</summary>
    public JsonObject RetrievalResult(params string[] videos) => new()
    {
        ["format"] = "duet.result/1",
        ["kind"] = "retrieval",
        ["clips_per_video"] = 10,
        ["distance"] = "cosine",
        ["folds"] = new JsonArray(new JsonObject { ["name"] = "test", ["train"] = 444, ["test"] = 156 }),
        ["results"] = new JsonArray(
            RetrievalRow("video->video", "pretrained", 0.731, "drum", videos),
            RetrievalRow("video->video", "random", 0.282, "drum", []),
            RetrievalRow("audio->video", "pretrained", 0.776, "drum", videos, 3)),
    };

    private static JsonObject RetrievalRow(string modality, string weights, double recall, string label, string[] videos, double? rank = null) => new()
    {
        ["modality"] = modality,
        ["weights"] = weights,
        ["layer"] = "conv5",
        ["queries"] = 156,
        ["recall_at"] = new JsonArray(
            new JsonObject { ["k"] = 1, ["recall"] = recall, ["ci95"] = new JsonArray(recall - 0.05, recall + 0.05), ["chance"] = 0.083 },
            new JsonObject { ["k"] = 5, ["recall"] = 0.95, ["ci95"] = new JsonArray(0.9, 0.98), ["chance"] = 0.354 }),
        ["median_rank"] = rank,
        ["median_rank_ci95"] = rank is null ? null : new JsonArray(2, 4),
        ["chance_median_rank"] = rank is null ? null : 78.5,
        ["neighbours"] = new JsonArray([.. videos.Take(1).Select(v => new JsonObject
        {
            ["video_id"] = v,
            ["label"] = label,
            ["rank"] = 2,
            ["nearest"] = new JsonArray([.. videos.Reverse().Select((n, i) => new JsonObject { ["video_id"] = n, ["label"] = i == 0 ? "rain" : label, ["distance"] = 0.25 * (i + 1) })]),
        })]),
    };

    private JsonObject ProbeRow(string modality, string weights, double accuracy, double low, double high, double diagonal)
    {
        var counts = new JsonArray();
        var perClass = new JsonObject();
        for (int row = 0; row < Labels.Length; row++)
        {
            var line = new int[Labels.Length];
            for (int i = 0; i < 12; i++)
            {
                line[random.NextDouble() < diagonal ? row : random.Next(Labels.Length)]++;
            }

            counts.Add(new JsonArray([.. line.Select(c => (JsonNode)c)]));
            perClass[Labels[row]] = new JsonObject { ["accuracy"] = line[row] / 12.0, ["support"] = 12 };
        }

        return new JsonObject
        {
            ["modality"] = modality,
            ["weights"] = weights,
            ["layer"] = "conv5",
            ["accuracy"] = accuracy,
            ["accuracy_ci95"] = new JsonArray(low, high),
            ["mean_of_folds"] = accuracy,
            ["per_class"] = perClass,
            ["confusion"] = new JsonObject { ["labels"] = new JsonArray([.. Labels.Select(l => (JsonNode)l)]), ["counts"] = counts },
            ["predictions"] = new JsonArray(
                new JsonObject { ["video_id"] = Id(0), ["label"] = Labels[0], ["predicted"] = Labels[0], ["split"] = "test" },
                new JsonObject { ["video_id"] = Id(1), ["label"] = Labels[1], ["predicted"] = Labels[0], ["split"] = "test" }),
        };
    }

    /// <summary>A spectrogram with strokes every 0.6 s over a falling background, and a distance curve with its minimum near zero.</summary>
    private JsonObject Example(int number)
    {
        const int Frames = 240, Mels = 40;
        const double Hop = 0.0125;
        var values = new byte[Frames * Mels];
        for (int frame = 0; frame < Frames; frame++)
        {
            double since = ((frame * Hop) + (number * 0.1)) % 0.6;
            for (int mel = 0; mel < Mels; mel++)
            {
                double stroke = Math.Exp(-since * 9) * Math.Exp(-Math.Pow((mel - 8 - (number * 4)) / 9.0, 2));
                double floor = 0.25 * Math.Exp(-mel / 25.0);
                values[(frame * Mels) + mel] = (byte)Math.Clamp(255 * (floor + (0.85 * stroke) + Noise(0.04)), 0, 255);
            }
        }

        var offsets = Enumerable.Range(-12, 25).Select(i => Math.Round(i * 0.08, 2)).ToArray();
        return new JsonObject
        {
            ["video_id"] = Id(number),
            ["label"] = Labels[number],
            ["source_path"] = $"scenes/{Labels[number]}/scene-{number:0000}.mp4",
            ["start_seconds"] = 1.2,
            ["clip_seconds"] = 0.64,
            ["offsets_seconds"] = new JsonArray([.. offsets.Select(o => (JsonNode)o)]),
            ["distances"] = new JsonArray([.. offsets.Select(o => (JsonNode)Math.Round(0.95 - (0.7 * Math.Exp(-o * o * 22)) - (0.3 * Math.Exp(-Math.Pow(Math.Abs(o) - 0.6, 2) * 60)) + Noise(0.03), 4))]),
            ["spectrogram"] = new JsonObject
            {
                ["frames"] = Frames,
                ["mels"] = Mels,
                ["hop_seconds"] = Hop,
                ["start_seconds"] = 0.02,
                ["values_base64"] = Convert.ToBase64String(values),
            },
        };
    }

    private static JsonArray Hill(double[] edges, double centre, double width) =>
        new([.. edges.Skip(1).Select(e => (JsonNode)(int)Math.Round(220 * Math.Exp(-Math.Pow((e - 0.015 - centre) / width, 2) / 2)))]);

    private double Noise(double scale) => scale * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);

    private static void Line(StringBuilder text, JsonObject line) => text.Append(line.ToJsonString()).Append('\n');
}
