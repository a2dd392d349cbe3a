using System.Text;
using System.Text.Json;
using Duet.Reports.Input;

namespace Duet.Reports.Results;

/// <summary>What the run's own folder says about a result: the recipe and the store that taught.</summary>
internal sealed record RunFacts
{
    private const int HighestFolder = 4; // RUN/finetune/NAME/result.json is two below the run

    /// <summary>The folder; null where a result lies in no run's folder.</summary>
    public string? Folder { get; init; }

    public RecipeSummary Recipe { get; init; } = new();

    /// <summary>The store that it learned from: its folder's name.</summary>
    public string Store { get; init; } = "";

    /// <summary>Everything that must agree for two runs to differ in their seed alone.</summary>
    public string WithoutSeed { get; init; } = "";

    /// <summary>The facts of the nearest folder above a file that holds a pretraining's recipe.</summary>
    /// <param name="path">The result file.</param>
    public static RunFacts Above(string path)
    {
        string? folder = Path.GetDirectoryName(path);
        for (int i = 0; i < HighestFolder && folder is not null; i++, folder = Path.GetDirectoryName(folder))
        {
            string file = Path.Combine(folder, "recipe.yaml");
            if (Json.ReadFile(file, 4 << 20) is { } bytes)
            {
                string text = Encoding.UTF8.GetString(Json.WithoutMark(bytes));
                var recipe = RecipeSummary.Parse(file, text);
                if (recipe.Method is not null)
                {
                    JsonElement? store = Json.ReadFile(Path.Combine(folder, "store.json")) is { } json ? Json.Parse<JsonElement>(Path.Combine(folder, "store.json"), json) : null;
                    string fingerprint = store.Find("fingerprint").Text() ?? "";
                    return new RunFacts
                    {
                        Folder = folder,
                        Recipe = recipe,
                        Store = Path.GetFileName((store.Find("path", "directory", "store").Text() ?? "").TrimEnd('/')),
                        WithoutSeed = fingerprint + "\n" + string.Join('\n', text.Split('\n').Where(line => !line.StartsWith("seed:", StringComparison.Ordinal))),
                    };
                }
            }
        }

        return new RunFacts();
    }
}
