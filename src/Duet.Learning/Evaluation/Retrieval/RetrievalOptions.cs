using Duet.Data;

namespace Duet.Learning.Evaluation.Retrieval;

/// <summary>What is looked for among what.</summary>
public enum RetrievalSearch
{
    /// <summary>All that the run and the store allow.</summary>
    Auto,

    /// <summary>Test videos among training videos, one modality at a time: a neighbour of the same class is a hit.</summary>
    Within,

    /// <summary>Sound among pictures and pictures among sound: the same video is the hit.</summary>
    Across,

    /// <summary>Both.</summary>
    Both,
}

/// <summary>How far two vectors lie apart.</summary>
public enum RetrievalDistance
{
    /// <summary>The angle: each video's vector is scaled to length 1, as the video retrieval literature does.</summary>
    Cosine,

    /// <summary>The Euclidean distance of the vectors as they are.</summary>
    Euclidean,
}

/// <summary>How neighbours are looked for.</summary>
public sealed record RetrievalOptions : IValidated
{
    /// <summary>What is looked for among what.</summary>
    public RetrievalSearch Search { get; init; } = RetrievalSearch.Auto;

    /// <summary>The stage whose map is read within a modality; empty for each encoder's last. Across modalities it is the heads' embedding.</summary>
    public string Layer { get; init; } = "";

    /// <summary>How a map becomes a vector.</summary>
    public FeaturePooling Pooling { get; init; } = FeaturePooling.Average;

    /// <summary>Clips per video, evenly spaced; a video's vector is the mean of theirs.</summary>
    public int ClipsPerVideo { get; init; } = 10;

    /// <summary>How far two vectors lie apart.</summary>
    public RetrievalDistance Distance { get; init; } = RetrievalDistance.Cosine;

    /// <summary>The numbers of neighbours within which a hit counts.</summary>
    public IReadOnlyList<int> RecallAt { get; init; } = [1, 5, 20, 50];

    /// <summary>Neighbours that the result file names for each query.</summary>
    public int Neighbours { get; init; } = 10;

    /// <summary>Which divisions of the data set, by name or number: <c>split1,split3</c>, <c>1</c>; empty for all.</summary>
    public string Splits { get; init; } = "";

    /// <summary>The part of the store that is searched across modalities: <c>test</c>, <c>all</c>, or a split that the catalog names.</summary>
    public string Part { get; init; } = "test";

    /// <summary>Random initialisations that the baseline within modalities is averaged over; 0 leaves it out.</summary>
    public int RandomSeeds { get; init; } = 3;

    /// <summary>Whether the random networks' batch normalisation is calibrated on training clips.</summary>
    public bool CalibrateBatchNorm { get; init; } = true;

    /// <summary>Training clips that calibrate it.</summary>
    public int CalibrationClips { get; init; } = 256;

    /// <summary>Clips that pass the networks at once; 0: chosen by memory.</summary>
    public int Batch { get; init; }

    /// <summary>Resamples of the bootstrap.</summary>
    public int Resamples { get; init; } = Bootstrap.DefaultResamples;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        foreach (var (name, value) in new[] { (nameof(ClipsPerVideo), ClipsPerVideo), (nameof(Resamples), Resamples), (nameof(CalibrationClips), CalibrationClips) })
        {
            if (value < 1)
            {
                yield return new ValidationError(name, "must be at least 1");
            }

            if (Batch < 0)
            {
                yield return new ValidationError(nameof(Batch), "must be at least 0; 0 chooses by memory");
            }
        }

        foreach (var (name, value) in new[] { (nameof(RandomSeeds), RandomSeeds), (nameof(Neighbours), Neighbours) })
        {
            if (value < 0)
            {
                yield return new ValidationError(name, "must be at least 0; 0 leaves them out");
            }
        }

        if (RecallAt.Count == 0 || RecallAt.Any(k => k is < 1 or > 10_000) || RecallAt.Zip(RecallAt.Skip(1)).Any(p => p.First >= p.Second))
        {
            yield return new ValidationError(nameof(RecallAt), "must be one or more numbers from 1 to 10000, ascending");
        }

        if (CalibrateBatchNorm && RandomSeeds > 0 && Batch == 1)
        {
            yield return new ValidationError(nameof(Batch), "must be at least 2 to calibrate batch normalisation");
        }
    }
}
