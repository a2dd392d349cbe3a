using Duet.Data;

namespace Duet.Learning.Evaluation;

/// <summary>How a stage's map becomes one row of features.</summary>
public enum FeaturePooling
{
    /// <summary>The mean over time and space: one value per channel.</summary>
    Average,

    /// <summary>The largest value over time and space: one per channel.</summary>
    Max,

    /// <summary>All values of the map, as the papers' audio protocol has it.</summary>
    Flatten,
}

/// <summary>How encoders are probed.</summary>
public sealed record ProbeOptions : IValidated
{
    /// <summary>The stage whose map is read; empty for each encoder's last.</summary>
    public string Layer { get; init; } = "";

    /// <summary>How a map becomes features.</summary>
    public FeaturePooling Pooling { get; init; } = FeaturePooling.Average;

    /// <summary>Clips per video, evenly spaced; a video with fewer different clips gives fewer.</summary>
    public int ClipsPerVideo { get; init; } = 10;

    /// <summary>
    /// Labelled videos of each class that teach, drawn by the protocol's seed; 0 for all. An archive has few labels, and with many of them
    /// also random features do well.
    /// </summary>
    public int VideosPerClass { get; init; }

    /// <summary>The machine's C; of several, cross-validation on the training part chooses.</summary>
    public IReadOnlyList<double> C { get; init; } = [1];

    /// <summary>Random initialisations that the baseline is averaged over.</summary>
    public int RandomSeeds { get; init; } = 3;

    /// <summary>Whether the random networks' batch normalisation is calibrated on training clips: a stronger baseline, and one without a network's scale run away.</summary>
    public bool CalibrateBatchNorm { get; init; } = true;

    /// <summary>Training clips that calibrate it.</summary>
    public int CalibrationClips { get; init; } = 256;

    /// <summary>Clips that pass the networks at once.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Resamples of the bootstrap.</summary>
    public int Resamples { get; init; } = Bootstrap.DefaultResamples;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        foreach (var (name, value) in new[] { (nameof(ClipsPerVideo), ClipsPerVideo), (nameof(Batch), Batch), (nameof(Resamples), Resamples), (nameof(CalibrationClips), CalibrationClips) })
        {
            if (value < 1)
            {
                yield return new ValidationError(name, "must be at least 1");
            }
        }

        if (VideosPerClass < 0)
        {
            yield return new ValidationError(nameof(VideosPerClass), "must be at least 0; 0 takes all");
        }

        if (RandomSeeds < 0)
        {
            yield return new ValidationError(nameof(RandomSeeds), "must be at least 0; 0 leaves the baseline out");
        }

        if (C.Count == 0 || C.Any(c => !(c > 0) || !double.IsFinite(c)))
        {
            yield return new ValidationError(nameof(C), "must be one or more numbers above 0");
        }

        if (CalibrateBatchNorm && Batch < 2)
        {
            yield return new ValidationError(nameof(Batch), "must be at least 2 to calibrate batch normalisation");
        }
    }
}
