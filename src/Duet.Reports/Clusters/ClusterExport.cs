using Duet.Data;
using Duet.Data.Files;
using Duet.Data.Store;
using Duet.Data.Tables;

namespace Duet.Reports.Clusters;

/// <summary>Writes an iteration's pseudo-labels with the paths and labels of their videos.</summary>
internal static class ClusterExport
{
    /// <summary>Refuses a name that doesn't say which format is meant.</summary>
    /// <exception cref="UsageException">It ends neither in .csv nor in .parquet.</exception>
    public static void CheckName(string path)
    {
        if (Path.GetExtension(path).ToLowerInvariant() is not (".csv" or ".parquet"))
        {
            throw new UsageException($"--export {path}: its name must end in .csv or .parquet, which says what to write.");
        }
    }

    /// <summary>Writes the file: the clusterings one after the other, each by clip id.</summary>
    /// <exception cref="FileWriteException">The file can't be written.</exception>
    public static void Write(string path, int iteration, IReadOnlyList<(ClusteringEntry Entry, PseudoLabelTable Table)> tables, IReadOnlyDictionary<string, StoredVideo>? videos)
    {
        var rows = tables.SelectMany(t => t.Table.Rows.Select(r =>
        {
            var video = videos?.GetValueOrDefault(r.Video);
            return new LabelledClip(iteration, t.Entry.Features!, r, video?.SourcePath, video?.Label, video?.Split);
        })).ToList();
        if (string.Equals(Path.GetExtension(path), ".csv", StringComparison.OrdinalIgnoreCase))
        {
            LabelledClipTable.WriteCsv(path, rows);
        }
        else
        {
            LabelledClipTable.WriteParquet(path, rows);
        }
    }
}
