using System.Globalization;
using System.Text.Json;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Files;
using Duet.Data.Tables;
using Duet.Learning.Training;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>
/// A run's pseudo-labels on the disk: a table per iteration and clustering, and a JSON that describes them. The tables are data that people
/// join on, and what a resumed run goes on with: their hashes stand in the checkpoint.
/// </summary>
internal sealed class PseudoLabelFiles(RunFolder run, ClipParts training, ClipParts validation)
{
    /// <summary>The folder in a run's folder.</summary>
    public const string FolderName = "pseudo-labels";

    /// <summary>The JSON of an iteration.</summary>
    public static string ReportFile(RunFolder run, int iteration) => Path.Combine(run.Path, FolderName, string.Create(CultureInfo.InvariantCulture, $"iteration-{iteration:00}.json"));

    /// <summary>A table's name.</summary>
    public static string TableName(int iteration, string clustering) => string.Create(CultureInfo.InvariantCulture, $"iteration-{iteration:00}-{clustering}.parquet");

    /// <summary>Writes one clustering's table.</summary>
    /// <returns>Its SHA-256, lowercase hexadecimal.</returns>
    /// <exception cref="FileWriteException">It can't be written.</exception>
    public string Write(int iteration, string clustering, ClusterAssignment assignment, IReadOnlyDictionary<string, string> metadata)
    {
        List<PseudoLabel> rows =
        [
            .. Rows(training, PseudoLabelTable.Training, assignment.Training, assignment.TrainingDistances),
            .. Rows(validation, PseudoLabelTable.Validation, assignment.Validation, assignment.ValidationDistances),
        ];
        rows.Sort((a, b) => string.CompareOrdinal(a.Clip, b.Clip));
        return PseudoLabelTable.Write(Path.Combine(run.Path, FolderName, TableName(iteration, clustering)), metadata, rows);
    }

    /// <summary>Writes an iteration's JSON.</summary>
    /// <exception cref="FileWriteException">It can't be written.</exception>
    public void Write(ClusteringReport report) =>
        AtomicFile.WriteAllText(ReportFile(run, report.Iteration), JsonSerializer.Serialize(report, RunJson.File));

    /// <summary>Reads a table of this run back.</summary>
    /// <param name="iteration">The iteration.</param>
    /// <param name="clustering">The clustering.</param>
    /// <param name="k">How many clusters it has.</param>
    /// <param name="sha256">What the checkpoint says of it.</param>
    /// <exception cref="TrainingException">It is not the table that was written.</exception>
    public ClusterAssignment Read(int iteration, string clustering, int k, string sha256)
    {
        var path = Path.Combine(run.Path, FolderName, TableName(iteration, clustering));
        try
        {
            using (var stream = RegularFile.OpenRead(path))
            {
                var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(stream));
                if (!hash.Equals(sha256, StringComparison.OrdinalIgnoreCase))
                {
                    throw new TrainingException($"The pseudo-labels '{path}' are not those that the run was trained with (SHA-256 differs). Restore the file, or start a new run.");
                }
            }

            return Align(PseudoLabelTable.Read(path), path, k, out _);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"The pseudo-labels '{path}' can't be read, and the run can't go on without them: {e.Message.TrimEnd('.')}. Restore the file, or start a new run.", e);
        }
    }

    /// <summary>A table's labels, by the parts' indices.</summary>
    /// <param name="table">The table.</param>
    /// <param name="path">What to call it.</param>
    /// <param name="k">How many clusters there may be.</param>
    /// <param name="missing">Parts that it has no label for.</param>
    /// <exception cref="UsageException">It holds other clips or other clusters.</exception>
    public ClusterAssignment Align(PseudoLabelTable table, string path, int k, out int missing)
    {
        var assignment = ClusterAssignment.Empty(training.Count, validation.Count);
        var found = 0;
        foreach (var row in table.Rows)
        {
            if (row.Cluster < 0 || row.Cluster >= k)
            {
                throw new UsageException($"The pseudo-labels '{path}' put clip {row.Clip} into cluster {row.Cluster}; the recipe has clusters 0 to {k - 1}. Set clustering.k to the number of the run that made them.");
            }

            var (parts, clusters, distances) = row.Part == PseudoLabelTable.Training
                ? (training, assignment.Training, assignment.TrainingDistances)
                : (validation, assignment.Validation, assignment.ValidationDistances);
            if (parts.IndexOf(row.Video, row.Number) is >= 0 and var index)
            {
                clusters[index] = row.Cluster;
                distances[index] = row.Distance;
                found++;
            }
        }

        missing = training.Count + validation.Count - found;
        return assignment;
    }

    private static IEnumerable<PseudoLabel> Rows(ClipParts parts, string part, int[] clusters, float[] distances)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            if (clusters[i] != ClusterAssignment.None)
            {
                var centre = parts.Centre(i);
                var start = centre.FrameCount == 0
                    ? new Rational(centre.Audio[0].FirstSample, centre.Video.SampleRate)
                    : centre.Start;
                yield return new PseudoLabel(centre.SampleId, centre.Video.Id, centre.Clip, start.ToDouble(), part, clusters[i], distances[i]);
            }
        }
    }
}
