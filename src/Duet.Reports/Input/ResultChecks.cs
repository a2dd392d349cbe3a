namespace Duet.Reports.Input;

/// <summary>What a result must hold beyond its JSON shape, checked before anything is drawn from it.</summary>
internal static class ResultChecks
{
    private const int MostBins = 10_000;
    private const int MostClasses = 2_000;
    private const int MostOffsets = 10_000;
    private const int MostRecalls = 50;
    private const int MostSpectrogramCells = 16 << 20;

    /// <summary>Checks lengths, order and ranges.</summary>
    /// <exception cref="ReportException">Something contradicts itself.</exception>
    public static SyncResult Check(string path, SyncResult sync)
    {
        if (sync.Histograms is { } histograms)
        {
            Check(path, histograms);
        }

        foreach (var (kind, score) in sync.Kinds ?? new Dictionary<string, SyncKind>(StringComparer.Ordinal))
        {
            Share(path, $"kinds.{kind}.accuracy", score?.Accuracy);
            Share(path, $"kinds.{kind}.auc", score?.Auc);
        }

        foreach (var tolerance in sync.Offsets?.Within ?? [])
        {
            Present(path, "offsets.within", tolerance);
            Share(path, "offsets.within.share", tolerance.Share);
            Share(path, "offsets.within.chance", tolerance.Chance);
        }

        LeftOut(path, sync.LeftOut);
        int number = 0;
        foreach (var example in sync.Examples ?? [])
        {
            string where = $"examples[{number++}]";
            Present(path, where, example);
            if ((example.OffsetsSeconds?.Count ?? 0) != (example.Distances?.Count ?? 0) || example.OffsetsSeconds?.Count > MostOffsets)
            {
                throw Wrong(path, where, $"{example.OffsetsSeconds?.Count ?? 0} offsets_seconds for {example.Distances?.Count ?? 0} distances");
            }

            if (example.Spectrogram is { ValuesBase64: not null } s)
            {
                if (s.Frames <= 0 || s.Mels <= 0 || (long)s.Frames * s.Mels > MostSpectrogramCells || s.ValuesBase64.Length > MostSpectrogramCells / 3 * 4)
                {
                    throw Wrong(path, $"{where}.spectrogram", $"{s.Frames} frames of {s.Mels} mels");
                }

                if (!IsBase64(s.ValuesBase64, s.Frames * s.Mels))
                {
                    throw Wrong(path, $"{where}.spectrogram.values_base64", $"not the base64 of {s.Frames} x {s.Mels} bytes");
                }
            }
        }

        return sync;
    }

    /// <inheritdoc cref="Check(string, SyncResult)"/>
    public static ProbeResult Check(string path, ProbeResult probe)
    {
        LeftOut(path, probe.LeftOut);
        Rows(path, probe.Results);
        return probe;
    }

    /// <inheritdoc cref="Check(string, SyncResult)"/>
    public static FinetuneResult Check(string path, FinetuneResult finetuning)
    {
        LeftOut(path, finetuning.LeftOut);
        Rows(path, finetuning.Results);
        foreach (var split in finetuning.Splits ?? [])
        {
            Present(path, "splits", split);
            Share(path, "splits.accuracy", split.Accuracy);
        }

        return finetuning;
    }

    private static void Rows(string path, IReadOnlyList<ProbeRow>? rows)
    {
        int number = 0;
        foreach (var row in rows ?? [])
        {
            string where = $"results[{number++}]";
            Present(path, where, row);
            Share(path, $"{where}.accuracy", row.Accuracy);
            Share(path, $"{where}.mean_of_folds", row.MeanOfFolds);
            foreach (var answer in row.Predictions ?? [])
            {
                Present(path, $"{where}.predictions", answer);
            }

            foreach (var (label, score) in row.PerClass ?? new Dictionary<string, ProbeClass>(StringComparer.Ordinal))
            {
                Share(path, $"{where}.per_class.{label}.accuracy", score?.Accuracy);
            }

            if (row.Confusion is { Labels: { } labels, Counts: { } counts })
            {
                if (labels.Any(l => l is null) || labels.Count > MostClasses || counts.Count != labels.Count || counts.Any(r => r is null || r.Count != labels.Count))
                {
                    throw Wrong(path, $"{where}.confusion", $"{labels.Count} labels need as many rows of as many counts");
                }

                if (counts.Any(r => r.Any(c => c < 0)))
                {
                    throw Wrong(path, $"{where}.confusion", "a count below zero");
                }
            }
        }
    }

    /// <inheritdoc cref="Check(string, SyncResult)"/>
    public static RetrievalResult Check(string path, RetrievalResult retrieval)
    {
        LeftOut(path, retrieval.LeftOut);
        foreach (var fold in retrieval.Folds ?? [])
        {
            Present(path, "folds", fold);
        }

        int number = 0;
        foreach (var row in retrieval.Results ?? [])
        {
            string where = $"results[{number++}]";
            Present(path, where, row);
            if (row.RecallAt is { Count: > MostRecalls })
            {
                throw Wrong(path, $"{where}.recall_at", $"{row.RecallAt.Count} entries");
            }

            foreach (var at in row.RecallAt ?? [])
            {
                Present(path, $"{where}.recall_at", at);
                Share(path, $"{where}.recall_at.recall", at.Recall);
                Share(path, $"{where}.recall_at.chance", at.Chance);
            }

            foreach (var query in row.Neighbours ?? [])
            {
                Present(path, $"{where}.neighbours", query);
                foreach (var nearest in query.Nearest ?? [])
                {
                    Present(path, $"{where}.neighbours.nearest", nearest);
                }
            }
        }

        return retrieval;
    }

    private static void Check(string path, SyncHistograms histograms)
    {
        var edges = histograms.Edges ?? [];
        foreach (var (name, counts) in ((string, IReadOnlyList<double>?)[])
                 [("positive", histograms.Positive), ("easy", histograms.Easy), ("hard", histograms.Hard), ("super_hard", histograms.SuperHard)])
        {
            if (counts is null)
            {
                continue;
            }

            if (counts.Count != Math.Max(edges.Count - 1, 0) || counts.Count > MostBins)
            {
                throw Wrong(path, $"histograms.{name}", $"{counts.Count} counts for {edges.Count} edges; n bins have n + 1 edges");
            }

            if (counts.Any(c => !double.IsFinite(c) || c < 0))
            {
                throw Wrong(path, $"histograms.{name}", "a count that is negative or not finite");
            }
        }

        for (int i = 0; i < edges.Count; i++)
        {
            if (!double.IsFinite(edges[i]) || (i > 0 && edges[i] <= edges[i - 1]))
            {
                throw Wrong(path, "histograms.edges", "edges must be finite and rise");
            }
        }
    }

    private static void LeftOut(string path, IReadOnlyList<LeftOutVideo>? videos)
    {
        foreach (var video in videos ?? [])
        {
            Present(path, "left_out", video);
        }
    }

    private static void Present(string path, string where, object? entry)
    {
        if (entry is null)
        {
            throw Wrong(path, where, "null where an object belongs");
        }
    }

    private static void Share(string path, string where, double? value)
    {
        if (value is { } v && double.IsFinite(v) && v is < 0 or > 1)
        {
            throw Wrong(path, where, $"{v} is no share between 0 and 1");
        }
    }

    private static bool IsBase64(string text, int length)
    {
        var bytes = new byte[length + 3];
        return Convert.TryFromBase64String(text, bytes, out int written) && written == length;
    }

    private static ReportException Wrong(string path, string where, string what) => new($"{path}, {where}: {what}.");
}
