using Duet.Data.Clips;
using Duet.Data.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>What is drawn anew for each training clip beside its window and crop: dropout, mixup, masks. Each is a pure function of (seed, epoch, sample id).</summary>
internal sealed class Augmentation(FinetuneOptions options, long seed)
{
    /// <summary>Sets a stretch of time and a stretch of mel bins of each spectrogram to 0, in place: their mean where they are normalised.</summary>
    /// <param name="spectrograms"><c>[batch, 1, frames, mels]</c>.</param>
    /// <param name="clips">The clips.</param>
    /// <param name="epoch">The epoch.</param>
    public void Mask(Tensor spectrograms, IReadOnlyList<ClipRequest> clips, int epoch)
    {
        foreach (var (share, axis, purpose) in new[] { (options.TimeMask, 2, "finetune/time_mask"), (options.FrequencyMask, 3, "finetune/frequency_mask") })
        {
            for (var i = 0; share > 0 && i < clips.Count; i++)
            {
                using var scope = NewDisposeScope();
                var size = spectrograms.shape[axis];
                var random = new KeyedRandom(seed, epoch, clips[i].SampleId, purpose);
                var length = random.NextInteger((long)Math.Floor(share * size) + 1);
                if (length > 0)
                {
                    spectrograms.narrow(0, i, 1).narrow(axis, random.NextInteger(size - length + 1), length).zero_();
                }
            }
        }
    }

    /// <summary>The pairs of mixup.</summary>
    /// <param name="clips">The clips.</param>
    /// <param name="epoch">The epoch.</param>
    /// <returns>Each clip's partner by its place, and its own weight in [0, 1]; null where nothing is mixed.</returns>
    public (long[] Partner, float[] Weight)? Pairs(IReadOnlyList<ClipRequest> clips, int epoch)
    {
        if (options.Mixup == 0 || clips.Count < 2)
        {
            return null;
        }

        long[] partner = [.. Enumerable.Range(0, clips.Count).Select(i => (long)i)];
        new KeyedRandom(seed, epoch, clips[0].SampleId, "finetune/mixup_pairs").Shuffle(partner.AsSpan());
        return (partner, [.. clips.Select(c =>
        {
            var random = new KeyedRandom(seed, epoch, c.SampleId, "finetune/mixup");
            return (float)Beta(ref random, options.Mixup);
        })]);
    }

    /// <summary>What dropout multiplies features by: 0, or the inverse of the share that is kept.</summary>
    /// <param name="clips">The clips.</param>
    /// <param name="features">Features of a clip.</param>
    /// <param name="epoch">The epoch.</param>
    /// <returns><c>[batch, features]</c> on the CPU; null where nothing is dropped.</returns>
    public Tensor? Dropout(IReadOnlyList<ClipRequest> clips, int features, int epoch)
    {
        if (options.Dropout == 0)
        {
            return null;
        }

        var keep = new float[clips.Count * features];
        for (var i = 0; i < clips.Count; i++)
        {
            var random = new KeyedRandom(seed, epoch, clips[i].SampleId, "finetune/dropout");
            for (var f = 0; f < features; f++)
            {
                keep[(i * features) + f] = random.NextBoolean(options.Dropout) ? 0 : (float)(1 / (1 - options.Dropout));
            }
        }

        return tensor(keep, [clips.Count, features]);
    }

    /// <summary>A draw from Beta(a, a), a in (0, 1], by Johnk's rejection.</summary>
    private static double Beta(ref KeyedRandom random, double a)
    {
        while (true)
        {
            var x = Math.Pow(random.NextDouble(), 1 / a);
            var y = Math.Pow(random.NextDouble(), 1 / a);
            if (x + y is > 0 and <= 1)
            {
                return x / (x + y);
            }
        }
    }
}
