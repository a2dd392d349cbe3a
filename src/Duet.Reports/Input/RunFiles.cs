using System.Text;
using System.Text.Json;

namespace Duet.Reports.Input;

/// <summary>Everything that a report shows, read from a run's or a demo's folder. What isn't there is null or empty.</summary>
internal sealed record RunFiles
{
    public required string Folder { get; init; }
    public string? RecipeText { get; init; }
    public RecipeSummary Recipe { get; init; } = new();
    public Metrics Metrics { get; init; } = Metrics.Empty;
    public JsonElement? Environment { get; init; }
    public JsonElement? Store { get; init; }
    public DemoResult? Demo { get; init; }
    public SyncResult? Sync { get; init; }
    public ProbeResult? Probe { get; init; }
    public RetrievalResult? Retrieval { get; init; }

    /// <summary>Finetunings, oldest first.</summary>
    public IReadOnlyList<FinetuneResult> Finetunings { get; init; } = [];

    /// <summary>The result files that were used, relative to the folder.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];
}

/// <summary>Finds and reads the files of a run folder, or of a demo's folder that holds its run in a folder of its own.</summary>
internal static class RunFilesReader
{
    /// <summary>Folders inside a run that hold no result: not searched.</summary>
    private static readonly HashSet<string> NoResults = new(StringComparer.Ordinal) { "checkpoints", "encoders", "tensorboard", "store", "shards", "videos", "scenes" };

    /// <summary>Reads the folder.</summary>
    /// <exception cref="ReportException">There is no such folder, it holds nothing to report, or a file in it is malformed.</exception>
    public static RunFiles Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new ReportException($"{folder} is no folder. Give the folder of a run (it holds recipe.yaml and metrics.jsonl) or of a demo.");
        }

        string run = RunFolderIn(folder);
        byte[]? recipeBytes = Json.ReadFile(Path.Combine(run, "recipe.yaml"), 4 << 20);
        string? recipeText = recipeBytes is null ? null : Encoding.UTF8.GetString(Json.WithoutMark(recipeBytes));
        var files = new RunFiles
        {
            Folder = folder,
            RecipeText = recipeText,
            Recipe = recipeText is null ? new RecipeSummary() : RecipeSummary.Parse(Path.Combine(run, "recipe.yaml"), recipeText),
            Metrics = MetricsReader.Read(Path.Combine(run, "metrics.jsonl")),
            Environment = ReadElement(Path.Combine(run, "environment.json")),
            Store = ReadElement(Path.Combine(run, "store.json")),
        };
        foreach (string path in ResultFiles(folder, run))
        {
            files = AddResult(files, path);
        }

        if (recipeText is null && files.Metrics.IsEmpty && files.Sources.Count == 0)
        {
            throw new ReportException($"{folder} holds nothing to report: no recipe.yaml, metrics.jsonl or result.json. Give the folder of a run or of a demo.");
        }

        return files;
    }

    private static string RunFolderIn(string folder)
    {
        string inner = Path.Combine(folder, "run");
        bool isRun = File.Exists(Path.Combine(folder, "metrics.jsonl")) || File.Exists(Path.Combine(folder, "recipe.yaml"));
        return !isRun && Directory.Exists(inner) ? inner : folder;
    }

    private static JsonElement? ReadElement(string path) => Json.ReadFile(path) is { } bytes ? Json.Parse<JsonElement>(path, bytes) : null;

    /// <summary>JSON files in the folder, its run and their direct subfolders, and each finetuning's result, oldest first, so that the newest result of a kind is the one shown.</summary>
    private static List<string> ResultFiles(string folder, string run)
    {
        var found = new List<string>();
        foreach (string root in new[] { run, folder }.Distinct(StringComparer.Ordinal))
        {
            found.AddRange(Directory.EnumerateFiles(root, "*.json"));
            foreach (string inner in Directory.EnumerateDirectories(root).Where(d => !NoResults.Contains(Path.GetFileName(d))))
            {
                found.AddRange(Directory.EnumerateFiles(inner, "*.json"));
            }

            // A finetuning's own trainings lie below its folder, and are none of the run's results.
            string finetunings = Path.Combine(root, "finetune");
            if (Directory.Exists(finetunings))
            {
                found.AddRange(Directory.EnumerateDirectories(finetunings).Select(d => Path.Combine(d, "result.json")).Where(File.Exists));
            }
        }

        return
        [
            .. found.Distinct(StringComparer.Ordinal)
                .Where(path => Path.GetFileName(path) is not ("environment.json" or "store.json"))
                .OrderBy(File.GetLastWriteTimeUtc).ThenBy(path => path, StringComparer.Ordinal),
        ];
    }

    private static RunFiles AddResult(RunFiles files, string path)
    {
        if (Json.ReadFile(path) is not { } bytes)
        {
            return files;
        }

        var root = Json.Parse<JsonElement>(path, bytes);
        JsonElement? element = root;
        if (element.Find("format").Text() is not { } format || !format.StartsWith("duet.result/", StringComparison.Ordinal))
        {
            return string.Equals(Path.GetFileName(path), "result.json", StringComparison.Ordinal)
                ? throw new ReportException($"{path} isn't a result file: its \"format\" must be \"duet.result/1\".")
                : files;
        }

        if (!string.Equals(format, "duet.result/1", StringComparison.Ordinal))
        {
            throw new ReportException($"{path} has the format {format}; this version of Duet reads duet.result/1. Update Duet.");
        }

        string source = Path.GetRelativePath(files.Folder, path);
        files = files with { Sources = [.. files.Sources, source] };
        switch (element.Find("kind").Text())
        {
            case "sync":
                return files with { Sync = ResultChecks.Check(path, Json.Parse<SyncResult>(path, bytes)) };
            case "probe":
                return files with { Probe = ResultChecks.Check(path, Json.Parse<ProbeResult>(path, bytes)) };
            case "retrieval":
                return files with { Retrieval = ResultChecks.Check(path, Json.Parse<RetrievalResult>(path, bytes)) };
            case "finetune":
                return files with { Finetunings = [.. files.Finetunings, ResultChecks.Check(path, Json.Parse<FinetuneResult>(path, bytes))] };
            case "demo":
                var demo = Json.Parse<DemoResult>(path, bytes);
                return files with
                {
                    Demo = demo,
                    Sync = demo.Sync is { } sync ? ResultChecks.Check(path, sync) : files.Sync,
                    Probe = demo.Probe is { } probe ? ResultChecks.Check(path, probe) : files.Probe,
                };
            default:
                return files;
        }
    }
}
