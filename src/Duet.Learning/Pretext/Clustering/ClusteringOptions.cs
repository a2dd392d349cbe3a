using Duet.Data;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>Which encoders a clustering run teaches.</summary>
public enum ClusteringStreams
{
    /// <summary>One for frames and one for sound.</summary>
    Both,

    /// <summary>The one for frames alone: only methods that need no sound.</summary>
    Video,

    /// <summary>The one for sound alone: only methods that need no frames.</summary>
    Audio,
}

/// <summary>How a map becomes the feature that is clustered and classified.</summary>
public enum GlobalPooling
{
    /// <summary>The mean over time and space.</summary>
    Average,

    /// <summary>The maximum over time and space.</summary>
    Max,
}

/// <summary>When the encoders have learned the present labels.</summary>
public enum EarlyStopRule
{
    /// <summary>The validation loss rose in so many epochs in a row (XDC, supplement, tables 8 and 9).</summary>
    Rises,

    /// <summary>So many epochs in a row brought no lower validation loss than the lowest of the iteration.</summary>
    NoNewBest,
}

/// <summary>Where something comes from.</summary>
public enum ClusteringSource
{
    /// <summary>This run makes it.</summary>
    Own,

    /// <summary>Another run made it: <c>duet pretrain --from RUN</c>.</summary>
    Given,
}

/// <summary>Deep clustering (XDC, arXiv 1911.12667): a recipe's <c>clustering</c> section.</summary>
public sealed record ClusteringOptions : IValidated
{
    private const int MostClusters = 1_000_000;

    /// <summary>Clusters, k: the paper tries 64, 128, 256, 512 and 1024.</summary>
    public int K { get; init; } = 64;

    /// <summary>Clusters of the video features; 0: as <see cref="K"/>.</summary>
    public int KVideo { get; init; }

    /// <summary>Clusters of the audio features; 0: as <see cref="K"/>.</summary>
    public int KAudio { get; init; }

    /// <summary>Deep clustering iterations: cluster, label, train.</summary>
    public int Iterations { get; init; } = 5;

    /// <summary>Epochs of one iteration: the length of its learning rate's schedule, and the most that it lasts.</summary>
    public int EpochsPerIteration { get; init; } = 30;

    /// <summary>Epochs after which <see cref="EarlyStop"/> ends an iteration; 0: each lasts all its epochs.</summary>
    public int Patience { get; init; } = 3;

    /// <summary>What <see cref="Patience"/> counts. The loss is the sum over the encoders' validation losses.</summary>
    public EarlyStopRule EarlyStop { get; init; } = EarlyStopRule.Rises;

    /// <summary>Clips that a video is divided into, each with a label of its own.</summary>
    public int ClipsPerVideo { get; init; } = 1;

    /// <summary>Which encoders learn.</summary>
    public ClusteringStreams Streams { get; init; } = ClusteringStreams.Both;

    /// <summary>How the video encoder's last map becomes a feature.</summary>
    public GlobalPooling VideoPooling { get; init; } = GlobalPooling.Average;

    /// <summary>How the audio encoder's last map becomes a feature.</summary>
    public GlobalPooling AudioPooling { get; init; } = GlobalPooling.Average;

    /// <summary>MDC: the weight of the loss on the own modality's labels; the other's is 1 less this.</summary>
    public double MdcOwnWeight { get; init; } = 0.5;

    /// <summary>Random clips on which the untrained encoders' batch normalisation is calibrated before the first clustering; 0: it keeps mean 0 and variance 1.</summary>
    public int CalibrationClips { get; init; } = 256;

    /// <summary>Clips, drawn at random, on which k-means is fitted; all others are then assigned to the nearest centroid. 0: all.</summary>
    public int FitClips { get; init; }

    /// <summary>
    /// Whose labels: <c>given</c> trains once more on the last labels of another run, such as with longer clips (XDC, section 6: the 32-frame models).
    /// </summary>
    public ClusteringSource Labels { get; init; } = ClusteringSource.Own;

    /// <summary>Whose encoders are started from: <c>given</c> goes on from those of another run.</summary>
    public ClusteringSource InitialWeights { get; init; } = ClusteringSource.Own;

    /// <summary>The k-means under it.</summary>
    public KMeansOptions Kmeans { get; init; } = new();

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        foreach (var (name, value, least, most) in new[]
        {
            (nameof(K), K, 2, MostClusters), (nameof(KVideo), KVideo, 0, MostClusters), (nameof(KAudio), KAudio, 0, MostClusters),
            (nameof(Iterations), Iterations, 1, 10_000), (nameof(EpochsPerIteration), EpochsPerIteration, 1, 100_000), (nameof(Patience), Patience, 0, 100_000),
            (nameof(ClipsPerVideo), ClipsPerVideo, 1, 10_000), (nameof(CalibrationClips), CalibrationClips, 0, 10_000_000), (nameof(FitClips), FitClips, 0, int.MaxValue),
        })
        {
            if (value < least || value > most)
            {
                yield return new(name, $"must lie in {least} to {most}");
            }
        }

        foreach (var (name, value) in new[] { (nameof(KVideo), KVideo), (nameof(KAudio), KAudio) })
        {
            if (value == 1)
            {
                yield return new(name, "one cluster teaches nothing; take 2 or more, or 0 for as many as k");
            }
        }

        if (MdcOwnWeight is not (>= 0 and <= 1))
        {
            yield return new(nameof(MdcOwnWeight), "must be between 0 and 1");
        }

        if (Labels == ClusteringSource.Given && Iterations != 1)
        {
            yield return new(nameof(Iterations), "must be 1 where the labels are given");
        }

        if (FitClips > 0 && FitClips < Math.Max(K, Math.Max(KVideo, KAudio)))
        {
            yield return new(nameof(FitClips), "must be 0 or at least the number of clusters");
        }
    }
}
