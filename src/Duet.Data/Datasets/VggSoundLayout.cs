using System.Globalization;
using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// VGGSound (H. Chen, W. Xie, A. Vedaldi, A. Zisserman, ICASSP 2020): <c>vggsound.csv</c> without a header, lines <c>ID,START,label,train|test</c>, labels with commas in
/// double quotes; a clip lasts ten seconds.
/// </summary>
internal sealed class VggSoundLayout : IDatasetLayout
{
    private const double ClipSeconds = 10;

    /// <inheritdoc/>
    public DatasetLayout Layout => DatasetLayout.VggSound;

    /// <inheritdoc/>
    public string Description => "VGGSound by vggsound.csv: a label is a class, a split train or test";

    /// <inheritdoc/>
    public StoreStreams Streams => StoreStreams.Both;

    /// <inheritdoc/>
    public QualityLimits? Limits => null;

    /// <inheritdoc/>
    public string Wanted => "the folder in which vggsound.csv and the clips lie";

    /// <inheritdoc/>
    public bool IsAt(string root) => ListOf(root) is not null;

    /// <inheritdoc/>
    public IEnumerable<ListedFile> Read(string root, MediaFiles media)
    {
        var files = new YouTubeFiles(media.Paths);
        var (list, any) = (ListOf(root)!, false);
        foreach (var (line, text) in ListFile.Lines(root, list))
        {
            var fields = ListFile.Fields(root, list, line, text);
            if (line == 1 && fields.Count >= 4 && !YouTubeFiles.IsId(fields[0]))
            {
                continue; // somebody's header
            }

            var part = fields.Count == 4 ? Divisions.PartOf(fields[3]) : null;
            if (fields.Count != 4 || !YouTubeFiles.IsId(fields[0]) || YouTubeFiles.Seconds(fields[1]) is not { } start || fields[2].Length == 0 || part is not (DivisionPart.Train or DivisionPart.Test))
            {
                throw ListFile.Wrong(root, list, line, "it is no clip: an id of 11 letters, digits, '-' or '_', a time in seconds, a label, and train or test");
            }

            any = true;
            var split = part == DivisionPart.Train ? "train" : "test";
            yield return new ListedFile(
                list, line, string.Create(CultureInfo.InvariantCulture, $"{fields[0]}_{start:000000}"), files.Find(fields[0], start, start + ClipSeconds, split, fields[2]), fields[2], split);
        }

        if (!any)
        {
            throw new UsageException($"The list '{Path.Combine(root, list)}' is empty. Download it again.");
        }
    }

    private static string? ListOf(string root) =>
        YouTubeLists.Find(root, ".csv", static list => string.Equals(Path.GetFileName(list), "vggsound.csv", StringComparison.OrdinalIgnoreCase)) is [var list, ..] ? list : null;
}
