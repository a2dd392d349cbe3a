using System.Globalization;
using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// HMDB51 (H. Kuehne, H. Jhuang, E. Garrote, T. Poggio, T. Serre, "HMDB: A Large Video Database for Human Motion Recognition", ICCV 2011): a folder per
/// class, and for each class the files <c>CLASS_test_split1.txt</c> to <c>3</c>, whose lines are a video and 1 for training, 2 for testing or 0 for neither, with a
/// blank at the end. Names hold brackets, <c>#</c>, <c>&amp;</c> and <c>!</c>.
/// </summary>
internal sealed class Hmdb51Layout : IDatasetLayout
{
    private const string Mark = "_test_split";
    private static readonly string[] ListFolders =
    [
        "testTrainMulti_7030_splits", "test_train_splits", "test_train_splits/testTrainMulti_7030_splits", "hmdb51_splits", "hmdb51_splits/testTrainMulti_7030_splits",
        "splits", "annotations", "metafile", "",
    ];

    /// <inheritdoc/>
    public DatasetLayout Layout => DatasetLayout.Hmdb51;

    /// <inheritdoc/>
    public string Description => "HMDB51 by CLASS_test_split1.txt to 3: a label is a class, splits are split1 to split3";

    /// <inheritdoc/>
    public StoreStreams Streams => StoreStreams.Video; // none of the videos has sound

    /// <inheritdoc/>
    public string Wanted => "the folder in which the folders of the classes and testTrainMulti_7030_splits (brush_hair_test_split1.txt ...) lie";

    /// <inheritdoc/>
    public bool IsAt(string root) => ListFolder(root) is not null;

    /// <inheritdoc/>
    public IEnumerable<ListedFile> Read(string root, MediaFiles media)
    {
        var folder = ListFolder(root)!;
        var lists = Directory.EnumerateFiles(Path.Combine(root, folder), $"*{Mark}*.txt").Select(Path.GetFileName).OfType<string>().Select(Parse).OfType<(string File, string Class, int Number)>()
            .OrderBy(l => l.Class, StringComparer.Ordinal).ThenBy(l => l.Number).ToArray();
        var numbers = lists.Select(l => l.Number).Distinct().Order().ToArray();
        var classes = lists.Select(l => l.Class).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (lists.GroupBy(l => l.Class, StringComparer.Ordinal).FirstOrDefault(of => of.Count() < numbers.Length) is { } lacking)
        {
            throw new UsageException($"'{Path.Combine(root, folder)}' has no {lacking.Key}{Mark}{numbers.Except(lacking.Select(l => l.Number)).First()}.txt, while other classes have that split. Unpack the data set's lists again.");
        }

        var table = new SplitTable(root, [.. numbers.Select(static n => $"split{n}")], StringComparer.Ordinal);
        foreach (var (file, name, number) in lists)
        {
            ReadList(root, Path.Combine(folder, file), name, table, Array.IndexOf(numbers, number));
        }

        foreach (var (name, label, split, list, line) in table.Rows)
        {
            yield return new ListedFile(list, line, name, media.Find(label, name[(label.Length + 1)..], classes), label, split);
        }
    }

    private static string? ListFolder(string root) => Array.Find(ListFolders, f =>
        Directory.Exists(Path.Combine(root, f)) && Directory.EnumerateFiles(Path.Combine(root, f), $"*{Mark}1.txt").Any());

    private static (string File, string Class, int Number)? Parse(string file)
    {
        var mark = file.LastIndexOf(Mark, StringComparison.Ordinal);
        return mark > 0 && int.TryParse(file.AsSpan(mark + Mark.Length, file.Length - mark - Mark.Length - 4), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 1 and <= 3 ? (file, file[..mark], number) : null;
    }

    private static void ReadList(string root, string list, string label, SplitTable table, int division)
    {
        var any = false;
        foreach (var (line, text) in ListFile.Lines(root, list))
        {
            var blank = text.LastIndexOfAny([' ', '\t']);
            var name = blank < 0 ? "" : text[..blank].TrimEnd();
            DivisionPart? part = blank < 0 ? null : text[(blank + 1)..] switch
            {
                "0" => DivisionPart.Unused,
                "1" => DivisionPart.Train,
                "2" => DivisionPart.Test,
                _ => null,
            };
            if (part is null || !ListedPaths.IsName(name))
            {
                throw ListFile.Wrong(root, list, line, $"'{text}' is no video and 0, 1 or 2, such as 'April_09_brush_hair_u_nm_np1_ba_goo_0.avi 1'");
            }

            table.Add($"{label}/{name}", label, division, part.Value, list, line);
            any = true;
        }

        if (!any)
        {
            throw new UsageException($"The list '{Path.Combine(root, list)}' is empty. Unpack the data set's lists again.");
        }
    }
}
