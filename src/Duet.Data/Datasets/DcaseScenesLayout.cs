using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// The acoustic scenes that the papers call DCASE2014: the first DCASE challenge's (D. Stowell et al., "Detection and Classification of Acoustic Scenes and
/// Events", IEEE Trans. Multimedia 2015), ten classes, ten recordings each to learn from (<c>scenes_stereo/bus01.wav</c>) and ten to test on
/// (<c>scenes_stereo_testset/bus01.wav</c>). No list comes with them: a name is the class and a number. Where there is an <c>evaluation_setup/</c>, as tools for the
/// DCASE challenges lay data sets out, its lists decide: <c>fold1_train.txt</c> with a path, a tabulator and the label, <c>fold1_test.txt</c> with the path alone.
/// </summary>
internal sealed class DcaseScenesLayout : IDatasetLayout
{
    private const string Setup = "evaluation_setup";
    private const string Meta = "meta.txt";
    private const string Train = "scenes_stereo";
    private const string Test = "scenes_stereo_testset";

    private static readonly HashSet<string> Classes = new(StringComparer.Ordinal)
    {
        "bus", "busystreet", "office", "openairmarket", "park", "quietstreet", "restaurant", "supermarket", "tube", "tubestation",
    };

    /// <inheritdoc/>
    public DatasetLayout Layout => DatasetLayout.Dcase2014;

    /// <inheritdoc/>
    public string Description => $"DCASE2014 scenes: a label is a scene, {Train} teaches and {Test} tests; where there are lists in {Setup}, they decide";

    /// <inheritdoc/>
    public StoreStreams Streams => StoreStreams.Audio;

    /// <inheritdoc/>
    public string Wanted => $"the folder in which {Train} and {Test} (bus01.wav ...) lie, or {Setup} (fold1_train.txt, fold1_test.txt ...) and the recordings";

    /// <inheritdoc/>
    public bool IsAt(string root) => Directory.Exists(Path.Combine(root, Train)) || Directory.Exists(Path.Combine(root, Test)) || Lists(root).Any();

    /// <inheritdoc/>
    public IEnumerable<ListedFile> Read(string root, MediaFiles media) => Lists(root).Any() ? ReadLists(root, media) : ReadFolders(media);

    private static IEnumerable<ListedFile> ReadFolders(MediaFiles media)
    {
        foreach (var path in media.Paths)
        {
            var folder = path.Split('/')[0];
            DivisionPart? part = folder switch
            {
                Train => DivisionPart.Train,
                Test => DivisionPart.Test,
                _ => null,
            };
            var label = SceneOf(path);
            if (part is { } known && Classes.Contains(label))
            {
                yield return new ListedFile(folder, 0, path, path, label, known == DivisionPart.Train ? "train" : "test");
            }
        }
    }

    /// <summary><c>bus</c> for <c>bus01.wav</c>, and for <c>test_bus01.wav</c>, as one tool renames the test set.</summary>
    private static string SceneOf(string path)
    {
        var stem = Path.GetFileNameWithoutExtension(path);
        var name = stem.StartsWith("test_", StringComparison.Ordinal) ? stem[5..] : stem;
        var label = name.TrimEnd("0123456789".ToCharArray());
        return label.Length < name.Length ? label : "";
    }

    /// <summary>The lists: division (empty for the only one), part and path.</summary>
    private static IEnumerable<(string Division, DivisionPart Part, string List)> Lists(string root)
    {
        var folder = Path.Combine(root, Setup);
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        foreach (var file in Directory.EnumerateFiles(folder, "*.txt").Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal))
        {
            var words = Path.GetFileNameWithoutExtension(file).ToLowerInvariant();
            var mark = words.LastIndexOf('_');
            var (division, word) = mark < 0 ? ("", words) : (words[..mark], words[(mark + 1)..]);
            DivisionPart? part = word switch
            {
                "train" => DivisionPart.Train,
                "test" or "evaluate" => DivisionPart.Test, // the same files; 'evaluate' has their labels, and the test list of some has none
                _ => null,
            };
            if (part is not null && (division.Length == 0 || Divisions.FoldNumber(division) > 0))
            {
                yield return (division, part.Value, $"{Setup}/{file}");
            }
        }
    }

    private static IEnumerable<ListedFile> ReadLists(string root, MediaFiles media)
    {
        var lists = Lists(root).ToArray();
        var divisions = lists.Select(l => l.Division).Distinct(StringComparer.Ordinal).OrderBy(Divisions.FoldNumber).ToArray();
        var labels = new Dictionary<string, (string Label, string List, int Line)>(StringComparer.Ordinal);
        if (File.Exists(Path.Combine(root, Meta)))
        {
            Entries(Meta, needsLabel: true).ToList().ForEach(e => Label(e, Meta));
        }

        // All lists first for the labels, as a test list has none and another fold's training list does.
        var entries = lists.Select(l => (l.Division, l.Part, l.List, Entries: Entries(l.List, needsLabel: false).ToArray())).ToArray();
        foreach (var (_, _, list, lines) in entries)
        {
            if (lines.Length == 0)
            {
                throw new UsageException($"The list '{Path.Combine(root, list)}' is empty. Unpack the data set's lists again.");
            }

            Array.ForEach(lines, e => Label(e, list));
        }

        var table = new SplitTable(root, [.. divisions.Select(d => d.Length == 0 ? "main" : d)], StringComparer.Ordinal);
        foreach (var (division, part, list, lines) in entries)
        {
            foreach (var (line, path, _) in lines)
            {
                if (!labels.TryGetValue(path, out var label))
                {
                    throw ListFile.Wrong(root, list, line, $"no list gives {path} a label, neither {Meta} nor one of {Setup}");
                }

                table.Add(path, label.Label, Array.IndexOf(divisions, division), part, list, line);
            }
        }

        foreach (var (name, label, split, list, line) in table.Rows)
        {
            var found = media.At(name) ?? media.Find(MediaFiles.FolderOf(name), Path.GetFileName(name), new HashSet<string>(StringComparer.Ordinal));
            yield return new ListedFile(list, line, name, found, label, divisions is [""] ? split[(split.IndexOf('=', StringComparison.Ordinal) + 1)..] : split);
        }

        IEnumerable<(int Line, string Path, string? Label)> Entries(string list, bool needsLabel)
        {
            foreach (var (line, text) in ListFile.Lines(root, list))
            {
                var fields = text.Split('\t', StringSplitOptions.TrimEntries);
                var path = fields[0].Replace('\\', '/');
                if (!ListedPaths.IsPath(path) || (needsLabel && fields.Length < 2))
                {
                    throw ListFile.Wrong(root, list, line, $"'{text}' is no path and label with a tabulator between them, such as 'audio/bus01.wav', 'bus'");
                }

                yield return (line, path, fields.Length > 1 && fields[1].Length > 0 ? fields[1] : null);
            }
        }

        void Label((int Line, string Path, string? Label) entry, string list)
        {
            if (entry.Label is not { } label)
            {
                return;
            }

            if (labels.TryGetValue(entry.Path, out var before) && !string.Equals(before.Label, label, StringComparison.Ordinal))
            {
                throw ListFile.Wrong(root, list, entry.Line, $"it gives {entry.Path} the label '{label}', after '{before.Label}' in line {before.Line} of {before.List}. Remove one of the two");
            }

            labels.TryAdd(entry.Path, (label, list, entry.Line));
        }
    }
}
