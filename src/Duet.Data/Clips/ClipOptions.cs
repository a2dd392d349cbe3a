using System.Globalization;

namespace Duet.Data.Clips;

/// <summary>What one clip is, in physical units: a recipe's <c>clip</c> section.</summary>
public sealed record ClipOptions : IValidated
{
    /// <summary>Frames per clip.</summary>
    public int Frames { get; init; } = 25;

    /// <summary>Frames per second of the clip; the store's rate must be a whole multiple of it.</summary>
    public Rational FrameRate { get; init; } = 25;

    /// <summary>Height and width of the network's input, pixels.</summary>
    public int Size { get; init; } = 112;

    /// <summary>Multi-scale crop: sides of the random square crop as shares of the short side. Evaluation takes the centre crop at the first of them.</summary>
    public IReadOnlyList<double> Scales { get; init; } = [1.0, 0.875, 0.75, 0.66];

    /// <summary>Whether training clips are mirrored left to right half of the time.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>Length of a clip's sound, seconds.</summary>
    public Rational AudioSeconds { get; init; } = 1;

    /// <summary>Where the sound lies against the frames, where the two last differently long.</summary>
    public AudioAlignment AudioAlignment { get; init; } = AudioAlignment.Centre;

    /// <summary>Mean of each RGB channel, in [0, 1]: subtracted before the network.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.43216, 0.394666, 0.37645];

    /// <summary>Standard deviation of each RGB channel, in [0, 1]: divided by before the network.</summary>
    public IReadOnlyList<double> Std { get; init; } = [0.22803, 0.22145, 0.216989];

    /// <summary>What a clip is, for people: <c>8x112x112 at 25 fps</c>, <c>2 s of sound</c>, or both.</summary>
    /// <param name="frames">Whether frames are read.</param>
    /// <param name="sound">Whether sound is read.</param>
    public string InWords(bool frames, bool sound)
    {
        var seen = string.Create(CultureInfo.InvariantCulture, $"{Frames}x{Size}x{Size} at {FrameRate} fps");
        var heard = string.Create(CultureInfo.InvariantCulture, $"{AudioSeconds.ToDouble():0.###} s of sound");
        return frames && sound ? $"{seen}, {heard}" : frames ? seen : heard;
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (Frames is < 1 or > 4096)
        {
            yield return new ValidationError(nameof(Frames), $"{Frames} frames per clip: it must lie in 1 to 4096.");
        }

        if (FrameRate <= 0)
        {
            yield return new ValidationError(nameof(FrameRate), $"A frame rate of {FrameRate}: it must be above 0.");
        }

        if (Size is < 8 or > 2048)
        {
            yield return new ValidationError(nameof(Size), $"A size of {Size} pixels: it must lie in 8 to 2048.");
        }

        if (Scales.Count == 0 || Scales.Any(s => !(s > 0 && s <= 1)))
        {
            yield return new ValidationError(nameof(Scales), "The scales of the crop must be one or more numbers above 0 and at most 1.");
        }

        if (AudioSeconds <= 0 || AudioSeconds > 600)
        {
            yield return new ValidationError(nameof(AudioSeconds), $"{AudioSeconds} seconds of sound: it must be above 0 and at most 600.");
        }

        if (Mean.Count != 3)
        {
            yield return new ValidationError(nameof(Mean), $"{Mean.Count} means: one for each of red, green and blue is needed.");
        }

        if (Std.Count != 3 || Std.Any(s => !(s > 0)))
        {
            yield return new ValidationError(nameof(Std), "The standard deviations must be three numbers above 0: red, green, blue.");
        }
    }
}

/// <summary>Where a clip's sound lies against its frames, where the two last differently long.</summary>
public enum AudioAlignment
{
    /// <summary>The middle of the sound is the middle of the frames.</summary>
    Centre,

    /// <summary>Sound and frames start together.</summary>
    Start,
}
