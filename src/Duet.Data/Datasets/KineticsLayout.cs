using System.Globalization;
using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// Kinetics-400, -600 and -700 (W. Kay et al., arXiv 1705.06950, and its successors): lists with the header
/// <c>label,youtube_id,time_start,time_end,split</c>, some with <c>is_cc</c>, and test lists without labels. Videos lie anywhere below: in a folder per class or flat, below
/// <c>train</c>, <c>val</c> and <c>test</c> or not.
/// </summary>
internal sealed class KineticsLayout : IDatasetLayout
{
    /// <inheritdoc/>
    public DatasetLayout Layout => DatasetLayout.Kinetics;

    /// <inheritdoc/>
    public string Description => "Kinetics by its CSV lists: a label is a class, a split train, val or test";

    /// <inheritdoc/>
    public StoreStreams Streams => StoreStreams.Both;

    /// <inheritdoc/>
    public QualityLimits? Limits => null;

    /// <inheritdoc/>
    public string Wanted => "the folder in which the lists (train.csv, val.csv ..., also in a folder 'annotations', with the header label,youtube_id,time_start,time_end,split) and the videos lie";

    /// <inheritdoc/>
    public bool IsAt(string root) => Lists(root).Count > 0;

    /// <inheritdoc/>
    public IEnumerable<ListedFile> Read(string root, MediaFiles media)
    {
        var files = new YouTubeFiles(media.Paths);
        foreach (var list in Lists(root))
        {
            var (id, label, start, end, split) = (-1, -1, -1, -1, -1);
            var columns = 0;
            foreach (var (line, text) in ListFile.Lines(root, list))
            {
                var fields = ListFile.Fields(root, list, line, text);
                if (columns == 0)
                {
                    columns = fields.Count;
                    (id, label, start, end, split) = (fields.IndexOf("youtube_id"), fields.IndexOf("label"), fields.IndexOf("time_start"), fields.IndexOf("time_end"), fields.IndexOf("split"));
                    continue;
                }

                if (fields.Count != columns)
                {
                    throw ListFile.Wrong(root, list, line, $"it has {fields.Count} fields, the header {columns}");
                }

                yield return Row(root, list, line, files, fields[id], label < 0 ? "" : fields[label], fields[start], fields[end], split < 0 ? "" : fields[split]);
            }
        }
    }

    private static IReadOnlyList<string> Lists(string root) => YouTubeLists.Find(root, ".csv", list =>
    {
        var header = ListFile.FirstLine(root, list)?.Split(',', StringSplitOptions.TrimEntries);
        return header is not null && header.Contains("youtube_id", StringComparer.Ordinal) && header.Contains("time_start", StringComparer.Ordinal) && header.Contains("time_end", StringComparer.Ordinal);
    });

    private static ListedFile Row(string root, string list, int line, YouTubeFiles files, string id, string label, string from, string to, string split)
    {
        if (!YouTubeFiles.IsId(id))
        {
            throw ListFile.Wrong(root, list, line, $"its youtube_id '{id}' is not 11 letters, digits, '-' or '_'");
        }

        if (YouTubeFiles.Seconds(from) is not { } start || YouTubeFiles.Seconds(to) is not { } end)
        {
            throw ListFile.Wrong(root, list, line, $"its times '{from}' and '{to}' are not seconds");
        }

        // The first lists of Kinetics-700 say 'validate'.
        var part = split.Length == 0 ? YouTubeLists.PartOf(list) : split is "validate" ? DivisionPart.Validation : Divisions.PartOf(split);
        if (part is null or DivisionPart.Unused)
        {
            throw ListFile.Wrong(root, list, line, $"its split '{split}' is none of train, val, validate and test, and neither is it in the list's name");
        }

        var name = part switch
        {
            DivisionPart.Train => "train",
            DivisionPart.Test => "test",
            _ => "val",
        };
        return new ListedFile(
            list, line, string.Create(CultureInfo.InvariantCulture, $"{id}_{start:000000}_{end:000000}"),
            files.Find(id, start, end, name, label.Length > 0 ? label : null), label.Length > 0 ? label : null, name);
    }
}
