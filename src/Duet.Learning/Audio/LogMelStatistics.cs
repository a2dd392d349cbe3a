using static TorchSharp.torch;

namespace Duet.Learning.Audio;

/// <summary>
/// A spectrogram in a few numbers: what its bands hold, without when. A humble feature that needs no network and no training,
/// to which every learned one is to be held.
/// </summary>
public static class LogMelStatistics
{
    /// <summary>Numbers per mel band.</summary>
    public const int PerBand = 4;

    /// <summary>Mean, standard deviation, maximum and mean absolute difference from frame to frame of each band.</summary>
    /// <param name="mels"><c>[batch, 1, frames, mels]</c>.</param>
    /// <returns><c>[batch, 4 * mels]</c>: all means, all deviations, all maxima, all differences; the differences of a single frame are 0.</returns>
    public static Tensor Of(Tensor mels)
    {
        ArgumentNullException.ThrowIfNull(mels);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var bands = mels.squeeze(1); // [batch, frames, mels]
        var frames = bands.shape[1];
        var differences = frames > 1
            ? (bands.narrow(1, 1, frames - 1) - bands.narrow(1, 0, frames - 1)).abs().mean([1])
            : zeros([bands.shape[0], bands.shape[2]], bands.dtype, bands.device);
        return cat([bands.mean([1]), bands.std(1, unbiased: false), bands.amax([1]), differences], 1).MoveToOuterDisposeScope();
    }
}
