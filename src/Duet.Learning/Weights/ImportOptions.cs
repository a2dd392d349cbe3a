using Duet.Data;
using Duet.Data.Clips;
using Duet.Learning.Models;

namespace Duet.Learning.Weights;

/// <summary>What a user may say on weights from elsewhere. A file holds tensors alone: how clips were prepared is known from where it comes from.</summary>
public sealed record ImportOptions
{
    /// <summary>Which network is in the file.</summary>
    public NetworkChoice Choice { get; init; } = new();

    /// <summary>A card whose clips and spectrograms are taken; null for those of the source.</summary>
    public PreprocessingCard? Like { get; init; }

    /// <summary>Frames per clip; null for the source's.</summary>
    public int? Frames { get; init; }

    /// <summary>Frames per second; null for the source's.</summary>
    public Rational? FrameRate { get; init; }

    /// <summary>Height and width, pixels; null for the source's.</summary>
    public int? Size { get; init; }

    /// <summary>The centre crop's side as a share of the short side; null for the source's.</summary>
    public double? Crop { get; init; }

    /// <summary>Mean of red, green and blue in [0, 1]; null for the source's.</summary>
    public IReadOnlyList<double>? Mean { get; init; }

    /// <summary>Standard deviation of red, green and blue in [0, 1]; null for the source's.</summary>
    public IReadOnlyList<double>? Std { get; init; }

    /// <summary>How the weights were learned; null for what is known of the file, else <c>imported</c>.</summary>
    public string? Method { get; init; }

    /// <summary>The clips of a network.</summary>
    internal ClipOptions Clip(EncoderOptions network)
    {
        var clip = Like?.Clip ?? SourceClips.Of(network);
        return clip with
        {
            Frames = Frames ?? clip.Frames,
            FrameRate = FrameRate ?? clip.FrameRate,
            Size = Size ?? clip.Size,
            Scales = Crop is { } crop ? [crop] : clip.Scales,
            Mean = Mean ?? clip.Mean,
            Std = Std ?? clip.Std,
        };
    }
}

/// <summary>How the networks' publishers prepare clips.</summary>
internal static class SourceClips
{
    /// <summary>
    /// torchvision: 16 frames at 15 per second, 112 pixels of a short side of 128. XDC: 32 frames at 30 per second, 224 pixels of a short side
    /// of 256 (section 6). XDC's colours are not published; these are torchvision's, which users of the same group's networks take.
    /// </summary>
    public static ClipOptions Of(EncoderOptions network)
    {
        var torchvision = new ClipOptions { Frames = 16, FrameRate = 15, Size = 112, Scales = [0.875] };
        return network.Name == "r2plus1d_18_xdc" ? torchvision with { Frames = 32, FrameRate = 30, Size = 224 } : torchvision;
    }
}
