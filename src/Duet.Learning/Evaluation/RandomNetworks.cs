using Duet.Data;
using Duet.Data.Clips;
using Duet.Learning.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation;

/// <summary>The networks that pretraining is compared with: the same architecture with its first weights, some seeds of it.</summary>
internal sealed class RandomNetworks : IDisposable
{
    private RandomNetworks(IReadOnlyList<Encoder> encoders, int calibrationClips)
    {
        Encoders = encoders;
        CalibrationClips = calibrationClips;
    }

    /// <summary>One per seed.</summary>
    public IReadOnlyList<Encoder> Encoders { get; }

    /// <summary>Clips that calibrated their batch normalisation; 0 where it is as initialised.</summary>
    public int CalibrationClips { get; }

    /// <summary>The seeds of a baseline: those after the protocol's own.</summary>
    public static long[] SeedsOf(long seed, int count) => [.. Enumerable.Range(0, count).Select(i => seed + 1 + i)];

    /// <summary>Makes them.</summary>
    /// <param name="encoder">The encoder that they are like.</param>
    /// <param name="seeds">Their seeds.</param>
    /// <param name="device">Where they run.</param>
    /// <param name="extractor">Reads the clips that calibrate them.</param>
    /// <param name="clips">Those clips; empty where nothing is calibrated.</param>
    /// <exception cref="DuetException">None of the clips can be read.</exception>
    public static RandomNetworks Like(Encoder encoder, IReadOnlyList<long> seeds, Device device, FeatureExtractor extractor, IReadOnlyList<ClipRequest> clips)
    {
        var encoders = new List<Encoder>();
        try
        {
            foreach (var seed in seeds)
            {
                encoders.Add(Twin(encoder, seed, device));
            }

            var used = encoders.Count == 0 || clips.Count == 0 ? 0 : extractor.Calibrate($"{ProbeEvaluation.Name(encoder.Modality)} baseline", encoders, clips);
            return used > 0 || encoders.Count == 0 || clips.Count == 0
                ? new RandomNetworks(encoders, used)
                : throw new DuetException("The random baseline could not be calibrated: no batch of training clips could be read. Verify the store with 'duet store verify'.");
        }
        catch
        {
            encoders.ForEach(e => e.Dispose());
            throw;
        }
    }

    /// <summary>An encoder's network with the first weights of a seed, beside it and as precise as it.</summary>
    public static Encoder Twin(Encoder encoder, long seed, Device device)
    {
        var twin = EncoderRegistry.Create(encoder.Options, seed);
        twin.to(device);
        twin.Precision = encoder.Precision;
        twin.eval();
        return twin;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var encoder in Encoders)
        {
            encoder.Dispose();
        }
    }
}
