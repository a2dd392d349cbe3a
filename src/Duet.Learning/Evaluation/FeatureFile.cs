using Duet.Data;
using Duet.Data.Tables;

namespace Duet.Learning.Evaluation;

/// <summary>A table of features in memory, once.</summary>
/// <param name="Rows">What each row belongs to.</param>
/// <param name="Features">The features, in the same order.</param>
/// <param name="Metadata">The file's metadata.</param>
public sealed record FeatureFile(IReadOnlyList<FeatureRow> Rows, FeatureMatrix Features, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Reads a table. The rows are read first and the features after that, a row group at a time, straight into their place.</summary>
    /// <param name="path">The Parquet file.</param>
    /// <param name="modality">Only rows of this modality; null where the file has one.</param>
    /// <param name="layer">Only rows of this layer; null where the file has one.</param>
    /// <param name="progress">Hears of rows read.</param>
    /// <param name="cancel">Stops between row groups.</param>
    /// <exception cref="TableException">The file is missing, damaged, or its rows have different lengths.</exception>
    /// <exception cref="UsageException">It has no such rows, or rows of several modalities or layers and none was named; or more than fit into memory.</exception>
    public static FeatureFile Read(string path, string? modality = null, string? layer = null, IProgress<(long Done, long Total)>? progress = null, CancellationToken cancel = default)
    {
        using var reader = FeatureTableReader.Open(path);
        var all = new List<FeatureRow>();
        foreach (var rows in reader.ReadRows())
        {
            cancel.ThrowIfCancellationRequested();
            all.AddRange(rows);
        }

        if (all.Count == 0)
        {
            throw new UsageException($"'{path}' holds no rows.");
        }

        modality = Choose(path, "modality", "modalities", modality, all.Select(r => r.Modality));
        layer = Choose(path, "layer", "layers", layer, all.Where(r => r.Modality == modality).Select(r => r.Layer));
        var wanted = all.ConvertAll(r => r.Modality == modality && r.Layer == layer);
        var kept = wanted.TrueForAll(w => w) ? all : [.. all.Where((_, i) => wanted[i])];
        return new FeatureFile(kept, Fill(reader, wanted, kept.Count, progress, cancel), new Dictionary<string, string>(reader.Metadata, StringComparer.Ordinal));
    }

    private static FeatureMatrix Fill(FeatureTableReader reader, List<bool> wanted, int count, IProgress<(long Done, long Total)>? progress, CancellationToken cancel)
    {
        FeatureMatrix? features = null;
        var (read, row) = (0, 0);
        foreach (var (dimension, values) in reader.ReadValues())
        {
            cancel.ThrowIfCancellationRequested();
            features ??= new FeatureMatrix(count, dimension);
            for (var i = 0; i < values.Length; i += dimension, read++)
            {
                if (wanted[read])
                {
                    values.Span.Slice(i, dimension).CopyTo(features.Row(row++));
                }
            }

            progress?.Report((read, wanted.Count));
        }

        return features!;
    }

    private static string Choose(string path, string one, string several, string? asked, IEnumerable<string> found)
    {
        var names = found.Distinct(StringComparer.Ordinal).ToArray();
        if (asked is null)
        {
            return names.Length == 1
                ? names[0]
                : throw new UsageException($"'{path}' holds features of several {several}: {string.Join(", ", names)}. Name one with --{one}.");
        }

        return names.Contains(asked, StringComparer.Ordinal)
            ? asked
            : throw new UsageException($"'{path}' holds no features of the {one} '{asked}', but of {string.Join(", ", names.Select(n => $"'{n}'"))}.");
    }
}
