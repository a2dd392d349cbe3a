using System.Globalization;
using Duet.Data;

namespace Duet.Learning.Evaluation;

/// <summary>What a probe's features take in memory, said before they are read and not after hours of it.</summary>
internal static class ProbeMemory
{
    private const double ShareOfMachine = 0.8;

    /// <summary>Bytes at the probe's peak: all networks' features, and one machine's standardised copy of the largest training part; cross-validation's copies are smaller and gone before.</summary>
    /// <param name="clips">Clips of all videos.</param>
    /// <param name="trainingClips">Clips of the largest training part.</param>
    /// <param name="columns">Features of a clip.</param>
    /// <param name="networks">Networks whose features are held at once.</param>
    public static double Needed(long clips, long trainingClips, long columns, int networks) =>
        ((double)sizeof(float) * columns * ((clips * (double)networks) + trainingClips)) + (LinearSvm.TakesProducts(trainingClips, columns) ? sizeof(double) * (double)trainingClips * trainingClips : 0);

    /// <summary>Refuses what does not fit.</summary>
    /// <exception cref="UsageException">It does not; the message has the numbers and what to set.</exception>
    public static void Check(string modality, long clips, long trainingClips, long columns, int networks, ProbeOptions options)
    {
        var limit = options.MemoryGb > 0 ? options.MemoryGb * 1e9 : ShareOfMachine * GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var needed = Needed(clips, trainingClips, columns, networks);
        if (needed > limit)
        {
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture,
                $"The {modality} probe's features need {needed / 1e9:0.0} GB: {clips} clips of {columns} features from {networks} network{(networks == 1 ? "" : "s")}, and a copy of {trainingClips} for the machine{(LinearSvm.TakesProducts(trainingClips, columns) ? " with their products" : "")}; it may take {limit / 1e9:0.0} GB. Take --pooling average, fewer --clips or --random-seeds 0; or allow more with --set probe.memory_gb=N."));
        }
    }
}
