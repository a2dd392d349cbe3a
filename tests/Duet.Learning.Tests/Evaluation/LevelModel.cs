using Duet.Data;
using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using TorchSharp;

namespace Duet.Learning.Tests.Evaluation;

/// <summary>A model that reads the levels of <see cref="LevelStore"/> off frames and sound, frame by frame: it is never wrong.</summary>
internal sealed class LevelModel : ISyncModel
{
    /// <summary>Distances after the fact: (distance) to distance.</summary>
    public Func<torch.Tensor, torch.Tensor> Spoil { get; init; } = d => d;

    public ClipOptions Clip { get; init; } = new() { Frames = 10, Size = LevelStore.Side, AudioSeconds = new Rational(10, 25), Scales = [1] };

    public PairOptions Pairs { get; init; } = new();

    public LogMelOptions Spectrogram { get; init; } = new() { Normalisation = SpectrogramNormalisation.None };

    public IReadOnlyList<Encoder> Encoders => [];

    public torch.Tensor EmbedVideo(ClipBatch batch)
    {
        var frame = batch.Size * batch.Size * 3;
        var levels = new float[batch.Count, batch.FramesPerClip];
        for (var i = 0; i < batch.Count; i++)
        {
            for (var t = 0; t < batch.FramesPerClip; t++)
            {
                levels[i, t] = (float)batch.Frames.Skip(((i * batch.FramesPerClip) + t) * frame).Take(frame).Average(b => (double)b);
            }
        }

        return torch.tensor(levels);
    }

    public torch.Tensor EmbedAudio(ClipBatch batch)
    {
        var chunks = batch.SamplesPerWindow / LevelStore.SamplesPerFrame;
        var levels = new float[batch.Count * batch.WindowsPerClip, chunks];
        for (var i = 0; i < batch.Count * batch.WindowsPerClip; i++)
        {
            for (var t = 0; t < chunks; t++)
            {
                var start = (i * batch.SamplesPerWindow) + (t * LevelStore.SamplesPerFrame);
                var energy = 0.0;
                for (var s = start; s < start + LevelStore.SamplesPerFrame; s++)
                {
                    energy += (double)batch.Samples[s] * batch.Samples[s];
                }

                levels[i, t] = (float)(Math.Sqrt(2 * energy / LevelStore.SamplesPerFrame) / 100);
            }
        }

        return torch.tensor(levels);
    }

    public torch.Tensor Distance(torch.Tensor video, torch.Tensor audio) => Spoil((video - audio).norm(1) / 255);
}
