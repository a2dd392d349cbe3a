using Duet.Data;
using Duet.Data.Tables;
using Duet.Learning.Training;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>A clustering run's surroundings.</summary>
/// <param name="Folder">Its folder.</param>
/// <param name="StoreFingerprint">The fingerprint of the store that it learns from.</param>
/// <param name="Given">The run that gives labels or weights; null where none does.</param>
/// <param name="Progress">Hears of passes over the clips.</param>
internal sealed record ClusteringRun(RunFolder Folder, string StoreFingerprint, GivenRun? Given = null, IProgress<TrainingProgress>? Progress = null);

/// <summary>Another run that gives its last labels, its encoders, or both.</summary>
internal sealed class GivenRun : IDisposable
{
    private readonly RunFolder run;
    private readonly Lazy<PretrainedEncoders> encoders;

    /// <summary>Names the run; it is read when something of it is needed.</summary>
    /// <param name="run">Its folder.</param>
    public GivenRun(RunFolder run)
    {
        this.run = run;
        encoders = new(() => PretrainedEncoders.Open(run));
    }

    /// <summary>Its encoders.</summary>
    public PretrainedEncoders Encoders => encoders.Value;

    /// <summary>Its last iteration's labels for this run's parts.</summary>
    /// <param name="plan">Which clusterings are needed.</param>
    /// <param name="files">This run's parts.</param>
    /// <exception cref="UsageException">It has no such labels, or they are of other clips.</exception>
    public Dictionary<string, ClusterAssignment> Labels(ClusteringPlan plan, PseudoLabelFiles files)
    {
        var folder = Path.Combine(run.Path, PseudoLabelFiles.FolderName);
        var last = Enumerable.Range(1, 9999).TakeWhile(i => File.Exists(PseudoLabelFiles.ReportFile(run, i))).LastOrDefault(); // written after its tables
        var labels = new Dictionary<string, ClusterAssignment>(StringComparer.Ordinal);
        foreach (var clustering in plan.Clusterings)
        {
            var path = Path.Combine(folder, PseudoLabelFiles.TableName(last, clustering.Name));
            if (last == 0 || !File.Exists(path))
            {
                throw new UsageException($"The run '{run.Path}' has no pseudo-labels from {clustering.Name} features, which this recipe learns. Name a run of the same method with --from.");
            }

            var assignment = files.Align(PseudoLabelTable.Read(path), path, clustering.K, out var missing);
            if (assignment.Training.All(c => c == ClusterAssignment.None))
            {
                throw new UsageException($"None of the pseudo-labels '{path}' is of a training clip of this store. Name the store that the run '{run.Path}' learned from, with the same data section and clustering.clips_per_video.");
            }

            labels.Add(clustering.Name, assignment);
            Missing = Math.Max(Missing, missing);
        }

        return labels;
    }

    /// <summary>Clips of this run without a label, after <see cref="Labels"/>.</summary>
    public int Missing { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (encoders.IsValueCreated)
        {
            encoders.Value.Dispose();
        }
    }
}
