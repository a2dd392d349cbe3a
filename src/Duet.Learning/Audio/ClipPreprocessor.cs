using System.Diagnostics;
using System.Runtime.InteropServices;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Learning.Native;
using Duet.Learning.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Audio;

/// <summary>
/// From a batch's plain memory to the networks' inputs. Tensors own their memory: the batch may be given back to the loader
/// as soon as these calls return.
/// </summary>
public sealed class ClipPreprocessor : IDisposable
{
    private readonly ClipOptions clip;
    private readonly Device device;
    private readonly LogMel? logMel; // null: for frames alone
    private readonly Tensor? melMean; // [mels] or [1]
    private readonly Tensor? melScale;
    private readonly float[] scale = new float[3];
    private readonly float[] bias = new float[3];
    private readonly Tensor colourScale; // [3]
    private readonly Tensor colourBias;
    private long ticks;

    /// <summary>Makes the preprocessor.</summary>
    /// <param name="clip">The clip's options: mean and standard deviation of the colours.</param>
    /// <param name="spectrogram">The spectrogram's options.</param>
    /// <param name="statistics">What to normalise spectrograms by; null only where the options say that they are not normalised.</param>
    /// <param name="device">Where the tensors go.</param>
    /// <exception cref="ArgumentException">The statistics are missing or are not those that the options ask for.</exception>
    public ClipPreprocessor(ClipOptions clip, LogMelOptions spectrogram, SpectrogramStatistics? statistics, Device device)
        : this(clip, device, spectrogram ?? throw new ArgumentNullException(nameof(spectrogram)), statistics)
    {
    }

    private ClipPreprocessor(ClipOptions clip, Device device, LogMelOptions? spectrogram, SpectrogramStatistics? statistics)
    {
        ArgumentNullException.ThrowIfNull(clip);
        TorchRuntime.EnsureLoaded();
        if (clip.Mean.Count != 3 || clip.Std.Count != 3 || clip.Std.Any(s => !(s > 0)))
        {
            throw new ArgumentException("The clip's mean and std need three values each, and each std above 0.", nameof(clip));
        }

        if (spectrogram is { Normalisation: not SpectrogramNormalisation.None } && statistics?.Fits(spectrogram) != true)
        {
            throw new ArgumentException($"Normalisation '{spectrogram.Normalisation}' over {spectrogram.MelBins} mel bins needs matching statistics.", nameof(statistics));
        }

        this.clip = clip;
        this.device = device;
        logMel = spectrogram is null ? null : new LogMel(spectrogram, device);
        for (var c = 0; c < 3; c++)
        {
            scale[c] = (float)(1 / (255 * clip.Std[c]));
            bias[c] = (float)(-clip.Mean[c] / clip.Std[c]);
        }

        colourScale = tensor(scale, device: device).DetachFromDisposeScope();
        colourBias = tensor(bias, device: device).DetachFromDisposeScope();
        if (spectrogram is { Normalisation: not SpectrogramNormalisation.None })
        {
            melMean = torch.tensor(statistics!.Mean.Select(m => (float)m).ToArray(), device: device).DetachFromDisposeScope();
            melScale = torch.tensor(statistics.Std.Select(s => (float)(1 / Math.Max(s, SpectrogramStatistics.LeastStd))).ToArray(), device: device).DetachFromDisposeScope();
        }
    }

    /// <summary>
    /// Prepares clips as a saved encoder learned to see or hear them: by its card alone. A video encoder's card says nothing about
    /// spectrograms, so its preprocessor makes none.
    /// </summary>
    /// <param name="card">The card of an encoder file.</param>
    /// <param name="device">Where the tensors go.</param>
    public static ClipPreprocessor FromCard(PreprocessingCard card, Device device)
    {
        ArgumentNullException.ThrowIfNull(card);
        return new ClipPreprocessor(card.Clip, device, card.Spectrogram, card.SpectrogramStatistics);
    }

    /// <summary>Prepares frames alone.</summary>
    /// <param name="clip">The clip's options: mean and standard deviation of the colours.</param>
    /// <param name="device">Where the tensors go.</param>
    public static ClipPreprocessor ForFrames(ClipOptions clip, Device device) => new(clip, device, null, null);

    /// <summary>The clip's options.</summary>
    public ClipOptions Clip => clip;

    /// <summary>What it has spent so far on frames and sounds of batches.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(0, ticks);

    /// <summary>The spectrogram's options.</summary>
    /// <exception cref="InvalidOperationException">It was made from a video encoder's card.</exception>
    public LogMelOptions Spectrogram => Mels.Options;

    private LogMel Mels => logMel
        ?? throw new InvalidOperationException("This preprocessor was made for frames alone, as from a video encoder's card. Make it from the audio encoder's.");

    /// <summary>The batch's frames.</summary>
    /// <param name="batch">A batch with frames.</param>
    /// <returns><c>[batch, 3, time, height, width]</c>, 32-bit float, normalised; a permuted view, so that its strides are channels-last-3d.</returns>
    /// <exception cref="ArgumentException">The batch has no frames.</exception>
    public Tensor Video(ClipBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.FramesPerClip == 0)
        {
            throw new ArgumentException("The batch holds sound only.", nameof(batch));
        }

        using var scope = NewDisposeScope();
        using var none = no_grad();
        var started = Stopwatch.GetTimestamp();
        var count = checked(batch.Count * batch.FramesPerClip * batch.Size * batch.Size * 3);
        long[] shape = [batch.Count, batch.FramesPerClip, batch.Size, batch.Size, 3];
        var pixels = empty(shape, device.type == DeviceType.CPU ? ScalarType.Float32 : ScalarType.Byte);
        if (device.type == DeviceType.CPU)
        {
            PixelKernel.Normalise(batch.Frames.AsSpan(0, count), Floats(pixels), scale, bias);
        }
        else
        {
            // As bytes: a quarter of the way, and the device normalises them faster than they come.
            batch.Frames.AsSpan(0, count).CopyTo(pixels.bytes);
            pixels = Normalised(pixels.SentTo(device));
        }

        var frames = pixels.permute(0, 4, 1, 2, 3);
        ticks += Stopwatch.GetTimestamp() - started;
        return frames.MoveToOuterDisposeScope();
    }

    /// <summary>Bytes of RGB in the last axis as <see cref="PixelKernel.Normalise"/> makes floats of them, computed where they are.</summary>
    internal Tensor Normalised(Tensor pixels) => pixels.to(ScalarType.Float32).mul_(colourScale).AddInPlace(colourBias);

    /// <summary>One of the batch's stretches of sound, as normalised spectrograms.</summary>
    /// <param name="batch">A batch with sound.</param>
    /// <param name="window">Which of each clip's stretches.</param>
    /// <returns><c>[batch, 1, frames, mels]</c>, 32-bit float.</returns>
    public Tensor Audio(ClipBatch batch, int window)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var started = Stopwatch.GetTimestamp();
        var mels = Normalise(LogMel(batch, window));
        ticks += Stopwatch.GetTimestamp() - started;
        return mels.MoveToOuterDisposeScope();
    }

    /// <summary>All of the batch's stretches of sound, as normalised spectrograms.</summary>
    /// <param name="batch">A batch with sound.</param>
    /// <returns><c>[batch * windows, 1, frames, mels]</c>, clip by clip, 32-bit float.</returns>
    /// <exception cref="ArgumentException">The batch has no sound.</exception>
    public Tensor AudioOfAllWindows(ClipBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.WindowsPerClip == 0)
        {
            throw new ArgumentException("The batch holds frames only.", nameof(batch));
        }

        using var scope = NewDisposeScope();
        using var none = no_grad();
        var started = Stopwatch.GetTimestamp();
        var rows = batch.Count * batch.WindowsPerClip;
        var pcm = empty([rows, batch.SamplesPerWindow], ScalarType.Float32);
        PixelKernel.ToUnit(batch.Samples.AsSpan(0, rows * batch.SamplesPerWindow), Floats(pcm));
        var mels = Normalise(Mels.Forward(pcm.SentTo(device)));
        ticks += Stopwatch.GetTimestamp() - started;
        return mels.MoveToOuterDisposeScope();
    }

    /// <summary>Normalises spectrograms as the network expects them.</summary>
    /// <param name="mels"><c>[batch, 1, frames, mels]</c>, as <see cref="LogMel.Forward"/> gives them.</param>
    /// <returns>The same shape; the tensor itself where nothing is to be done.</returns>
    public Tensor Normalise(Tensor mels)
    {
        ArgumentNullException.ThrowIfNull(mels);
        if (melMean is null || melScale is null)
        {
            return mels;
        }

        using var none = no_grad();
        return mels.sub(melMean).mul_(melScale);
    }

    /// <summary>One of the batch's stretches of sound, as spectrograms that are not normalised.</summary>
    /// <param name="batch">A batch with sound.</param>
    /// <param name="window">Which of each clip's stretches.</param>
    /// <returns><c>[batch, 1, frames, mels]</c>, 32-bit float.</returns>
    public Tensor LogMel(ClipBatch batch, int window)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(window);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(window, batch.WindowsPerClip);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var samples = batch.SamplesPerWindow;
        var pcm = empty([batch.Count, samples], ScalarType.Float32);
        var floats = Floats(pcm);
        for (var i = 0; i < batch.Count; i++)
        {
            PixelKernel.ToUnit(batch.Samples.AsSpan(((i * batch.WindowsPerClip) + window) * samples, samples), floats.Slice(i * samples, samples));
        }

        return Mels.Forward(pcm.SentTo(device)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Measures the statistics that the options ask for over batches of a training subset (their first stretch of sound). Clips
    /// that could not be read do not count.
    /// </summary>
    /// <param name="batches">The subset; each batch is disposed here.</param>
    /// <param name="spectrogram">The spectrogram's options.</param>
    /// <param name="device">Where spectrograms are computed.</param>
    /// <returns>The statistics, or null where the options say that nothing is normalised.</returns>
    /// <exception cref="DuetException">No clip could be read.</exception>
    public static SpectrogramStatistics? Measure(IEnumerable<ClipBatch> batches, LogMelOptions spectrogram, Device device)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(spectrogram);
        if (spectrogram.Normalisation == SpectrogramNormalisation.None)
        {
            return null;
        }

        using var preprocessor = new ClipPreprocessor(new ClipOptions(), spectrogram with { Normalisation = SpectrogramNormalisation.None }, null, device);
        var meter = new SpectrogramMeter(spectrogram.MelBins);
        var measured = 0;
        foreach (var batch in batches)
        {
            using (batch)
            using (NewDisposeScope())
            {
                var kept = batch.Readable();
                measured += kept.Length;
                if (kept.Length > 0)
                {
                    meter.Add(preprocessor.LogMel(batch, 0).index_select(0, torch.tensor(kept, device: device)));
                }
            }
        }

        return measured > 0
            ? meter.Result(spectrogram.Normalisation)
            : throw new DuetException("None of the clips from which the spectrograms' mean and deviation are measured could be read. Check the store with 'duet store verify'.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        logMel?.Dispose();
        melMean?.Dispose();
        melScale?.Dispose();
        colourScale.Dispose();
        colourBias.Dispose();
    }

    /// <summary>The memory of a contiguous CPU tensor, to be filled in place.</summary>
    private static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
