using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Avts;

/// <summary>
/// Notices when embeddings fall together to one point, which the loss alone does not show. The measure is the habit of the
/// lightly library: the standard deviation of the l2-normalised embeddings over a batch. Scaled by the root of the dimensions
/// it is 1 for directions spread evenly over the sphere and 0 for a single direction.
/// </summary>
/// <param name="threshold">The spread below which an interval counts, 0 for never.</param>
/// <param name="patience">How many intervals in a row.</param>
public sealed class CollapseDetector(double threshold, int patience)
{
    /// <summary>Intervals in a row below the threshold.</summary>
    public int Low { get; private set; }

    /// <summary>The last stage in which a collapse was announced; -1 for none.</summary>
    public int AnnouncedStage { get; private set; } = -1;

    /// <summary>The spread of a batch: standard deviation of l2-normalised embeddings, mean over dimensions, times the root of the dimensions.</summary>
    /// <param name="embeddings"><c>[batch, dimensions]</c>, a batch of at least two.</param>
    /// <returns>A tensor of one, fp64.</returns>
    public static Tensor Spread(Tensor embeddings)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var z = embeddings.to_type(ScalarType.Float32);
        var unit = z / z.norm(1, keepdim: true).AtLeast(1e-12);
        return unit.std(0, unbiased: false).mean().to(ScalarType.Float64).Times(Math.Sqrt(z.shape[1])).MoveToOuterDisposeScope();
    }

    /// <summary>Takes in one interval's means.</summary>
    /// <param name="stage">The curriculum's stage: a collapse is announced once in each.</param>
    /// <param name="video">The spread of the video embeddings.</param>
    /// <param name="audio">The spread of the audio embeddings.</param>
    /// <param name="gap">Mean distance of pairs out of sync minus that of pairs in sync.</param>
    /// <returns>What to tell the user, or null.</returns>
    public string? Observe(int stage, double video, double audio, double gap)
    {
        Low = video < threshold || audio < threshold ? Low + 1 : 0;
        if (Low < patience || AnnouncedStage == stage)
        {
            return null;
        }

        AnnouncedStage = stage;
        var which = (video < threshold, audio < threshold) switch { (true, true) => "video and audio", (true, false) => "video", _ => "audio" };
        return string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"The {which} embeddings have collapsed towards one point for {Low} intervals (spread: video {video:0.000}, audio {audio:0.000}, 1 is even, below {threshold:0.000} is a collapse; "
            + $"pairs out of sync are only {gap:0.000} further apart than pairs in sync). Try a lower learning rate, a longer warm-up, head.batch_norm: true or an easier stage first.");
    }

    /// <summary>Goes on from saved numbers.</summary>
    public void Restore(int low, int announcedStage) => (Low, AnnouncedStage) = (low, announcedStage);
}
