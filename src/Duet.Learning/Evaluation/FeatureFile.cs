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
    /// <param name="path">The Parquet file, or a folder with the parts of a table.</param>
    /// <param name="modality">Only rows of this modality; null where the file has one.</param>
    /// <param name="layer">Only rows of this layer; null where the file has one.</param>
    /// <param name="progress">Hears of rows read.</param>
    /// <param name="cancel">Stops between row groups.</param>
    /// <exception cref="TableException">A file is missing or damaged, or its rows have different lengths.</exception>
    /// <exception cref="UsageException">It has no such rows, or rows of several modalities or layers and none was named; or more than fit into memory.</exception>
    public static FeatureFile Read(string path, string? modality = null, string? layer = null, IProgress<(long Done, long Total)>? progress = null, CancellationToken cancel = default)
    {
        var files = FeatureParts.FilesOf(path);
        var all = new List<FeatureRow>();
        var groups = new List<int>[files.Count];
        var metadata = new IReadOnlyDictionary<string, string>[files.Count];
        for (var f = 0; f < files.Count; f++)
        {
            using var reader = FeatureTableReader.Open(files[f]);
            metadata[f] = new Dictionary<string, string>(reader.Metadata, StringComparer.Ordinal);
            groups[f] = [];
            foreach (var rows in reader.ReadRows())
            {
                cancel.ThrowIfCancellationRequested();
                all.AddRange(rows);
                groups[f].Add(rows.Count);
            }
        }

        if (Directory.Exists(path))
        {
            FeatureParts.CheckWhole(path, [.. files.Zip(metadata)]);
        }

        if (all.Count == 0)
        {
            throw new UsageException($"'{path}' holds no rows.");
        }

        modality = Choose(path, "modality", "modalities", modality, all.Select(r => r.Modality));
        layer = Choose(path, "layer", "layers", layer, all.Where(r => r.Modality == modality).Select(r => r.Layer));
        var wanted = all.ConvertAll(r => r.Modality == modality && r.Layer == layer);
        var kept = wanted.TrueForAll(w => w) ? all : [.. all.Where((_, i) => wanted[i])];
        FeatureMatrix? features = null;
        var (read, row) = (0, 0);
        for (var f = 0; f < files.Count; f++)
        {
            var starts = new int[groups[f].Count];
            for (var g = 0; g < starts.Length; g++)
            {
                starts[g] = read;
                read += groups[f][g];
            }

            var chosen = Enumerable.Range(0, starts.Length).Where(g => wanted.FindIndex(starts[g], groups[f][g], w => w) >= 0).ToArray();
            using var reader = FeatureTableReader.Open(files[f]);
            foreach (var (group, (dimension, values)) in chosen.Zip(reader.ReadValues(g => Array.BinarySearch(chosen, g) >= 0)))
            {
                cancel.ThrowIfCancellationRequested();
                features ??= new FeatureMatrix(kept.Count, dimension);
                if (dimension != features.Columns)
                {
                    throw new TableException($"'{path}': rows of the layer '{layer}' have {features.Columns} values, and {dimension} from clip '{all[starts[group]].Clip}' on: all must have the same number.");
                }

                for (var i = 0; i < groups[f][group]; i++)
                {
                    if (wanted[starts[group] + i])
                    {
                        values.Span.Slice(i * dimension, dimension).CopyTo(features.Row(row++));
                    }
                }

                progress?.Report((starts[group] + groups[f][group], wanted.Count));
            }
        }

        return new FeatureFile(kept, features!, metadata[0]);
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
