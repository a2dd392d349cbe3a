using System.Text.Json.Nodes;
using Duet.Data.Store;
using Duet.Data.Tables;

namespace Duet.Reports.Tests.Synthetic;

/// <summary>Writes run folders with pseudo-labels as the clustering methods leave them.</summary>
internal sealed class ClusterRunBuilder : IDisposable
{
    public ClusterRunBuilder() => Directory.CreateDirectory(Folder);

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), "duet-clusters-" + Guid.NewGuid().ToString("N"));

    public string File(params string[] names) => Path.Combine([Folder, .. names]);

    public string Iteration(int number) => File("pseudo-labels", $"iteration-{number:00}.json");

    public string Table(int number, string features) => File("pseudo-labels", $"iteration-{number:00}-{features}.parquet");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>A video id of the right form.</summary>
    public static string Id(int number) => number.ToString("x32");

    public static PseudoLabel Row(int video, int cluster, double distance, string part = "training", int number = 0) =>
        new($"{Id(video)}/{number}", Id(video), number, 0.5, part, cluster, (float)distance);

    public static Dictionary<string, StoredVideo> Videos(params (int Video, string? Label)[] videos) =>
        videos.ToDictionary(v => Id(v.Video), v => Video(Id(v.Video), v.Label, $"{v.Label}/{v.Video}.mp4"));

    public static StoredVideo Video(string id, string? label, string path) => new()
    {
        Id = id,
        SourcePath = path,
        Label = label,
        FrameCount = 100,
        FrameRate = 25,
        Width = 160,
        Height = 120,
        SampleRate = 16000,
        SampleCount = 64000,
        Shard = 0,
        JsonOffset = 512,
        JsonLength = 10,
        FramesOffset = 1024,
        FramesLength = 4096,
        SamplesOffset = 8192,
    };

    /// <summary>Writes an iteration; <paramref name="change"/> may spoil its JSON.</summary>
    public ClusterRunBuilder Write(int number, int k, IReadOnlyDictionary<string, IReadOnlyList<PseudoLabel>> tables, Action<JsonObject>? change = null)
    {
        Directory.CreateDirectory(File("pseudo-labels"));
        var entries = new JsonArray();
        foreach (var (features, rows) in tables)
        {
            string hash = PseudoLabelTable.Write(Table(number, features), new Dictionary<string, string> { ["duet.k"] = $"{k}", ["duet.features"] = features, ["duet.store"] = "some" }, rows);
            entries.Add(new JsonObject
            {
                ["features"] = features,
                ["teaches"] = new JsonArray(features == "audio" ? "video" : "audio"),
                ["file"] = Path.GetFileName(Table(number, features)),
                ["sha256"] = hash,
                ["k"] = k,
                ["clips"] = rows.Count(r => r.Part == "training"),
                ["nmi_previous"] = number == 1 ? null : 0.5,
                ["nmi_labels"] = 0.25 * number,
                ["purity"] = 0.1 * number,
                ["normalised_entropy"] = 0.9,
                ["empty"] = 0,
                ["largest_share"] = 0.5,
                ["notes"] = new JsonArray(),
            });
        }

        var json = new JsonObject { ["format"] = "duet.clustering/1", ["method"] = "xdc", ["iteration"] = number, ["epoch"] = 0, ["clusterings"] = entries };
        change?.Invoke(json);
        System.IO.File.WriteAllText(Iteration(number), json.ToJsonString());
        return this;
    }

    /// <summary>Eight clips in three clusters, heard and seen.</summary>
    public ClusterRunBuilder Small(int iterations = 2, Action<JsonObject>? change = null)
    {
        for (int i = 1; i <= iterations; i++)
        {
            Write(i, 3, new Dictionary<string, IReadOnlyList<PseudoLabel>> { ["audio"] = Rows(0), ["video"] = Rows(1) }, i == iterations ? change : null);
        }

        return this;
    }

    public static List<PseudoLabel> Rows(int shift) => [.. Enumerable.Range(0, 8).Select(i => Row(i, (i + shift) % 8 / 3, 1 + (0.1 * i), i == 7 ? "validation" : "training"))];
}
