using System.Globalization;
using System.Text.Json;
using Duet.Data.Files;
using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// AudioSet (J. F. Gemmeke et al., ICASSP 2017): <c>balanced_train_segments.csv</c>, <c>unbalanced_train_segments.csv</c> and <c>eval_segments.csv</c>, comments that
/// begin with <c>#</c> and then <c>YTID, start_seconds, end_seconds, "/m/09x0r,/t/dd00088"</c>. Names of the labels come from
/// <c>class_labels_indices.csv</c> or <c>ontology.json</c>.
/// </summary>
internal sealed class AudioSetLayout : IDatasetLayout
{
    private const string Names = "class_labels_indices.csv";
    private const string Ontology = "ontology.json";
    private const int MaxOntologyBytes = 64 << 20;

    /// <inheritdoc/>
    public DatasetLayout Layout => DatasetLayout.AudioSet;

    /// <inheritdoc/>
    public string Description => "AudioSet by its lists of segments: a label holds all of a segment's, apart by semicolons; both training lists are train, the evaluation list is test";

    /// <inheritdoc/>
    public StoreStreams Streams => StoreStreams.Both;

    /// <inheritdoc/>
    public QualityLimits? Limits => null;

    /// <inheritdoc/>
    public string Wanted => "the folder in which lists (balanced_train_segments.csv, unbalanced_train_segments.csv or eval_segments.csv, also in a folder 'csv' or 'metadata') and the clips lie";

    /// <inheritdoc/>
    public bool IsAt(string root) => Lists(root).Count > 0;

    /// <inheritdoc/>
    public IEnumerable<ListedFile> Read(string root, MediaFiles media)
    {
        var files = new YouTubeFiles(media.Paths);
        var names = ReadNames(root);
        var joined = new Dictionary<string, string>(StringComparer.Ordinal); // sets of labels repeat: one text for each
        foreach (var list in Lists(root))
        {
            var (part, any) = (YouTubeLists.PartOf(list) == DivisionPart.Train ? "train" : "test", false);
            foreach (var (line, text) in ListFile.Lines(root, list))
            {
                if (text[0] == '#')
                {
                    continue;
                }

                any = true;
                var fields = ListFile.Fields(root, list, line, text);
                if (fields.Count != 4 || !YouTubeFiles.IsId(fields[0]) || YouTubeFiles.Seconds(fields[1]) is not { } start || YouTubeFiles.Seconds(fields[2]) is not { } end || fields[3].Length == 0)
                {
                    throw ListFile.Wrong(root, list, line, "it is no segment: an id of 11 letters, digits, '-' or '_', two times in seconds, and labels in double quotes");
                }

                if (!joined.TryGetValue(fields[3], out var label))
                {
                    label = string.Join("; ", fields[3].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(mid => names.GetValueOrDefault(mid, mid)));
                    joined.Add(fields[3], label);
                }

                yield return new ListedFile(
                    list, line, string.Create(CultureInfo.InvariantCulture, $"{fields[0]}_{start:0.###}_{end:0.###}"),
                    files.Find(fields[0], start, end, Path.GetFileNameWithoutExtension(list), part), label, part);
            }

            if (!any)
            {
                throw new UsageException($"The list '{Path.Combine(root, list)}' is empty. Download it again.");
            }
        }
    }

    private static IReadOnlyList<string> Lists(string root) => YouTubeLists.Find(root, "_segments.csv", static list =>
        Path.GetFileName(list) is "balanced_train_segments.csv" or "unbalanced_train_segments.csv" or "eval_segments.csv");

    /// <summary>The names of labels; none where no list of them is there: the labels are then the identifiers themselves.</summary>
    private static Dictionary<string, string> ReadNames(string root)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        if (YouTubeLists.Find(root, ".csv", static list => Path.GetFileName(list) == Names) is [var list, ..])
        {
            foreach (var (line, text) in ListFile.Lines(root, list).Skip(1)) // index,mid,display_name
            {
                var fields = ListFile.Fields(root, list, line, text);
                if (fields.Count != 3 || fields[1].Length == 0 || fields[2].Length == 0 || !names.TryAdd(fields[1], fields[2]))
                {
                    throw ListFile.Wrong(root, list, line, "it is no index, label and name, or names a label again");
                }
            }
        }
        else if (YouTubeLists.Find(root, ".json", static list => Path.GetFileName(list) == Ontology) is [var ontology, ..])
        {
            var path = Path.Combine(root, ontology);
            try
            {
                using var stream = RegularFile.OpenRead(path);
                if (stream.Length > MaxOntologyBytes)
                {
                    throw new UsageException($"'{path}' is larger than 64 MB: this is no ontology of AudioSet.");
                }

                using var json = JsonDocument.Parse(stream);
                foreach (var entry in json.RootElement.EnumerateArray())
                {
                    names.TryAdd(entry.GetProperty("id").GetString() ?? "", entry.GetProperty("name").GetString() ?? "");
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"'{path}' is no ontology of AudioSet, a JSON list of objects with id and name: {e.Message.TrimEnd('.')}. Download it again.", e);
            }
        }

        return names;
    }
}
