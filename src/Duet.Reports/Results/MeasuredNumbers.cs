using System.Globalization;
using System.Text.Json;
using Duet.Reports.Input;

namespace Duet.Reports.Results;

/// <summary>A number of one file, before runs that differ in their seed are put together.</summary>
/// <param name="Row">The number.</param>
/// <param name="Seed">The seeds of the run, where something was pretrained, and of the file.</param>
/// <param name="Alike">Equal for numbers that differ in the seed alone.</param>
internal sealed record Measured(ResultRow Row, string Seed, string Alike);

/// <summary>From files to numbers.</summary>
internal static class MeasuredNumbers
{
    private const int MostFolds = 10_000;

    /// <summary>The numbers of a file.</summary>
    /// <exception cref="ReportException">One can't be.</exception>
    public static IEnumerable<Measured> Of(ResultFile file, RunFacts run, string path)
    {
        string id = Id(file, run, path);
        if (file.Kind == "sync")
        {
            foreach (var (kind, score) in (file.Kinds ?? new Dictionary<string, SyncKind>(StringComparer.Ordinal)).OrderBy(k => k.Key, StringComparer.Ordinal))
            {
                if (score?.Accuracy is { } accuracy)
                {
                    // Which videos a run is judged on is not named; those of the store that it learned from, as a rule.
                    yield return Number(file, run, id, new ResultFileRow { Modality = kind, Weights = "pretrained" }, "sync", accuracy, score.AccuracyCi95, []);
                }
            }

            yield break;
        }

        foreach (var row in file.Results ?? [])
        {
            if (row is null)
            {
                throw new ReportException("null stands where a row of results belongs.");
            }

            if ((row.MeanOfFolds ?? row.Accuracy) is { } top)
            {
                yield return Number(file, run, id, row, "top-1", top, row.AccuracyCi95, row.PerFold ?? []);
            }

            foreach (var recall in row.RecallAt ?? [])
            {
                if (recall is { K: { } k, Recall: { } share })
                {
                    yield return Number(file, run, id, row, string.Create(CultureInfo.InvariantCulture, $"R@{k}"), share, recall.Ci95, []);
                }
            }
        }
    }

    private static Measured Number(ResultFile file, RunFacts run, string id, ResultFileRow from, string measure, double share, Interval? interval, IReadOnlyList<double> perFold)
    {
        string modality = from.Modality ?? "";
        bool pretrained = from.Weights is null or "pretrained";
        string method = pretrained ? file.Method is { Length: > 0 } named ? named : run.Recipe.Method ?? "" : from.Weights!;
        if (perFold.Count > MostFolds || from.PerSeed?.Count > MostFolds)
        {
            throw new ReportException($"{Math.Max(perFold.Count, from.PerSeed?.Count ?? 0)} folds or seeds are no real number.");
        }

        foreach (double value in perFold.Append(share).Append(interval?.Low ?? 0).Append(interval?.High ?? 1))
        {
            if (!(value is >= 0 and <= 1))
            {
                throw new ReportException(string.Create(CultureInfo.InvariantCulture, $"{value} is no share between 0 and 1 ({modality} {measure})."));
            }
        }

        var row = new ResultRow
        {
            Method = method,
            Data = pretrained ? run.Store : "",
            Model = method == "log_mel" ? "" : from.Network ?? Model(file, run, modality),
            Clip = from.Clip ?? Clip(file, run, modality),
            Frames = modality == "audio" ? null : file.ClipFrames ?? (int?)run.Recipe.ClipFrames,
            K = pretrained && method is not ("avts" or "") ? Clusters(run.Recipe, modality) : null,
            Kind = file.Kind!,
            Protocol = file.Protocol ?? "default",
            Layers = file.Kind == "finetune" ? file.Layers.Text() ?? "" : "",
            Labels = Labels(file),
            Dataset = file.Dataset ?? (file.Kind == "sync" ? Known(run.Store) : "own"),
            Modality = modality,
            Measure = measure,
            Number = 100 * share,
            Low = 100 * interval?.Low,
            High = 100 * interval?.High,
            IntervalOver = interval is null ? "" : "videos",
            PerFold = [.. perFold.Select(f => 100 * f)],
            Seeds = Math.Max(1, from.PerSeed?.Count ?? 1),
            Runs = [id],
        };
        // What a random or a missing network names does not depend on the run that it stands beside.
        string alike = string.Join('\n', Cell(row), file.StoreFingerprint, from.Layer, pretrained ? run.WithoutSeed : "");
        return new Measured(row, string.Create(CultureInfo.InvariantCulture, $"{(pretrained ? run.Recipe.Seed : null)}/{file.Seed}"), alike);
    }

    /// <summary>Everything that a row says but its number and its runs.</summary>
    public static string Cell(ResultRow row) =>
        string.Join('\n', row.Dataset, row.Kind, row.Protocol, row.Layers, row.Labels, row.Modality, row.Measure, row.Method, row.Data, row.Model, row.Clip, row.K?.ToString("000000", CultureInfo.InvariantCulture));

    /// <summary>The data set whose videos a store's name promises, for results that do not say.</summary>
    private static string Known(string store) =>
        PublishedNumbers.All.Select(p => p.Dataset).Distinct(StringComparer.Ordinal).FirstOrDefault(d => store.Contains(d, StringComparison.OrdinalIgnoreCase)) ?? "own";

    private static string Id(ResultFile file, RunFacts run, string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        string name = run.Folder is { } own ? string.Join('/', new[] { Path.GetFileName(own), Path.GetRelativePath(own, folder) }.Where(n => n != ".")) : Path.GetFileName(folder);
        return file.Step is { } step and > 0 ? string.Create(CultureInfo.InvariantCulture, $"{name} @ {step}") : name;
    }

    private static string Model(ResultFile file, RunFacts run, string modality)
    {
        if (file.Networks is { ValueKind: JsonValueKind.Array } networks && networks.GetArrayLength() is > 0 and < 8)
        {
            return string.Join(" + ", networks.EnumerateArray().Select(n => Json.Text(n)).OfType<string>());
        }

        return (modality switch { "audio" => run.Recipe.Audio, "video" => run.Recipe.Video, _ => run.Recipe.Video is { } v && run.Recipe.Audio is { } a ? $"{v} + {a}" : run.Recipe.Video ?? run.Recipe.Audio }) ?? "";
    }

    private static string Labels(ResultFile file) => (file.VideosPerClass, file.LabelShare) switch
    {
        ( > 0 and var few, _) => string.Create(CultureInfo.InvariantCulture, $"{few} a class"),
        (_, < 1 and var share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.##} %"),
        _ => "",
    };

    private static string Clip(ResultFile file, RunFacts run, string modality)
    {
        if (file.Clip.Text() is { } said)
        {
            return said;
        }

        var recipe = run.Recipe;
        string sound = recipe.AudioSeconds is { } seconds ? $"{seconds} s" : "";
        string frames = recipe is { ClipFrames: { } f, ClipSize: { } size } ? string.Create(CultureInfo.InvariantCulture, $"{f}x{size}x{size}") : "";
        return modality switch { "audio" => sound, "video" => frames, _ => string.Join(", ", new[] { frames, sound }.Where(t => t.Length > 0)) };
    }

    /// <summary>The clusters that an encoder learned: in xdc those of the other modality.</summary>
    private static int? Clusters(RecipeSummary recipe, string modality)
    {
        bool other = recipe.Method == "xdc";
        var own = (modality == "video") != other ? recipe.KVideo : recipe.KAudio;
        return own is > 0 ? own : recipe.K;
    }
}
