using System.Globalization;
using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// UCF101 (K. Soomro, A. R. Zamir, M. Shah, CRCV-TR-12-01, 2012): a folder per class, and the lists of "UCF101TrainTestSplits-RecognitionTask":
/// <c>classInd.txt</c> (<c>1 ApplyEyeMakeup</c>), <c>trainlist01.txt</c> to <c>03</c> (<c>ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1</c>) and
/// <c>testlist01.txt</c> to <c>03</c> (the same without the number), some with Windows line ends. Videos of the class HandstandPushups are called v_HandStandPushups.
/// </summary>
internal sealed class Ucf101Layout : IDatasetLayout
{
    private const string Classes = "classInd.txt";
    private static readonly string[] ListFolders =
        ["ucfTrainTestlist", "", "UCF-101/ucfTrainTestlist", "UCF101/ucfTrainTestlist", "UCF101TrainTestSplits-RecognitionTask/ucfTrainTestlist", "annotations", "splits"];

    /// <inheritdoc/>
    public DatasetLayout Layout => DatasetLayout.Ucf101;

    /// <inheritdoc/>
    public string Description => "UCF101 by trainlist01.txt to testlist03.txt: a label is a class, splits are split1 to split3";

    /// <inheritdoc/>
    public StoreStreams Streams => StoreStreams.Video; // half of the videos have no sound

    /// <inheritdoc/>
    public string Wanted => "the folder in which UCF-101 (a folder per class) and ucfTrainTestlist (classInd.txt, trainlist01.txt, testlist01.txt ...) lie";

    /// <inheritdoc/>
    public bool IsAt(string root) => ListFolder(root) is not null;

    /// <inheritdoc/>
    public IEnumerable<ListedFile> Read(string root, MediaFiles media)
    {
        var folder = ListFolder(root)!;
        var classes = ReadClasses(root, Path.Combine(folder, Classes));
        var numbers = Enumerable.Range(1, 3).Where(n => File.Exists(Path.Combine(root, folder, Name("train", n))) || File.Exists(Path.Combine(root, folder, Name("test", n)))).ToArray();
        var table = new SplitTable(root, [.. numbers.Select(static n => $"split{n}")], StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < numbers.Length; i++)
        {
            ReadList(root, Path.Combine(folder, Name("train", numbers[i])), classes, table, i, DivisionPart.Train);
            ReadList(root, Path.Combine(folder, Name("test", numbers[i])), classes, table, i, DivisionPart.Test);
        }

        var folders = classes.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, label, split, list, line) in table.Rows)
        {
            var slash = name.IndexOf('/', StringComparison.Ordinal);
            yield return new ListedFile(list, line, name, media.Find(name[..slash], name[(slash + 1)..], folders), label, split);
        }
    }

    private static string Name(string part, int number) => string.Create(CultureInfo.InvariantCulture, $"{part}list{number:00}.txt");

    private static string? ListFolder(string root) => Array.Find(ListFolders, f => File.Exists(Path.Combine(root, f, Classes)) && File.Exists(Path.Combine(root, f, Name("train", 1))));

    private static Dictionary<string, (int Number, string Name)> ReadClasses(string root, string list)
    {
        var classes = new Dictionary<string, (int, string)>(StringComparer.OrdinalIgnoreCase);
        foreach (var (line, text) in ListFile.Lines(root, list))
        {
            var words = text.Split((char[])[' ', '\t'], 2, StringSplitOptions.TrimEntries);
            if (words.Length < 2 || !int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || !ListedPaths.IsName(words[1]))
            {
                throw ListFile.Wrong(root, list, line, $"'{text}' is no number and class, such as '1 ApplyEyeMakeup'");
            }

            if (!classes.TryAdd(words[1], (number, words[1])))
            {
                throw ListFile.Wrong(root, list, line, $"it names the class {words[1]} again");
            }
        }

        return classes.Count > 0 ? classes : throw new UsageException($"The list '{Path.Combine(root, list)}' is empty. Unpack the data set's lists again.");
    }

    private static void ReadList(string root, string list, Dictionary<string, (int Number, string Name)> classes, SplitTable table, int division, DivisionPart part)
    {
        var any = false;
        foreach (var (line, text) in ListFile.Lines(root, list))
        {
            // A number behind the name is the class's; test lists have none.
            var blank = text.LastIndexOfAny([' ', '\t']);
            var hasNumber = int.TryParse(text.AsSpan(blank + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && blank > 0;
            var path = (hasNumber ? text[..blank].TrimEnd() : text).Replace('\\', '/');
            if (path.Split('/') is not [var folder, var file] || !ListedPaths.IsName(folder) || !ListedPaths.IsName(file))
            {
                throw ListFile.Wrong(root, list, line, $"'{path}' is no class and video, such as 'ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi'");
            }

            if (!classes.TryGetValue(folder, out var label))
            {
                throw ListFile.Wrong(root, list, line, $"{Classes} has no class '{folder}'");
            }

            if (hasNumber && number != label.Number)
            {
                throw ListFile.Wrong(root, list, line, $"it gives the class {folder} the number {number}, {Classes} {label.Number}");
            }

            table.Add(path, label.Name, division, part, list, line);
            any = true;
        }

        if (!any)
        {
            throw new UsageException($"The list '{Path.Combine(root, list)}' is empty. Unpack the data set's lists again.");
        }
    }
}
