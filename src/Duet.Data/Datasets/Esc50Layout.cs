using System.Globalization;
using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// ESC-50 (K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", ACM MM 2015): <c>meta/esc50.csv</c> with the
/// columns <c>filename,fold,target,category,esc10,src_file,take</c>, and the recordings in <c>audio/</c>.
/// </summary>
/// <param name="esc10">Whether only ESC-10 is meant, the 400 recordings of 10 classes that the column <c>esc10</c> marks.</param>
internal sealed class Esc50Layout(bool esc10) : IDatasetLayout
{
    private const string Sign = "meta/esc50.csv";
    private const string MediaFolder = "audio";

    /// <inheritdoc/>
    public DatasetLayout Layout => esc10 ? DatasetLayout.Esc10 : DatasetLayout.Esc50;

    /// <inheritdoc/>
    public string Description => $"{(esc10 ? "ESC-10" : "ESC-50")} by {Sign}: a label is a category, a split a fold";

    /// <inheritdoc/>
    public StoreStreams Streams => StoreStreams.Audio;

    /// <inheritdoc/>
    public string Wanted => $"the folder in which {Sign} and {MediaFolder} lie";

    /// <inheritdoc/>
    public IReadOnlyList<string> MediaFolders => [MediaFolder];

    /// <inheritdoc/>
    public bool IsAt(string root) => File.Exists(Path.Combine(root, Sign));

    /// <inheritdoc/>
    public IEnumerable<ListedFile> Read(string root, MediaFiles media)
    {
        var table = CsvTable.Open(Path.Combine(root, Sign));
        var (filename, fold, category, marked) = (table.Require("filename"), table.Require("fold"), table.Require("category"), table.Require("esc10"));
        foreach (var (line, fields) in table.Rows)
        {
            var name = fields[filename];
            if (!ListedPaths.IsName(name))
            {
                throw table.Wrong(line, $"its filename '{name}' is no name of a file in {MediaFolder}");
            }

            if (!int.TryParse(fields[fold], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                throw table.Wrong(line, $"its fold '{fields[fold]}' is no number from 1 on");
            }

            if (fields[category].Length == 0)
            {
                throw table.Wrong(line, "it has no category");
            }

            if (!bool.TryParse(fields[marked], out var isEsc10))
            {
                throw table.Wrong(line, $"its esc10 is '{fields[marked]}', which is neither True nor False");
            }

            if (isEsc10 || !esc10)
            {
                var path = $"{MediaFolder}/{name}";
                yield return new ListedFile(Sign, line, path, media.At(path), fields[category], string.Create(CultureInfo.InvariantCulture, $"fold{number}"));
            }
        }
    }
}
