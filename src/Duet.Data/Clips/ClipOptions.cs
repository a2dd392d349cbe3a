namespace Duet.Data.Clips;

/// <summary>What one clip is, in physical units: a recipe's <c>clip</c> section.</summary>
public sealed record ClipOptions
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

    /// <summary>Mean of each RGB channel, in [0, 1]: subtracted before the network.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.43216, 0.394666, 0.37645];

    /// <summary>Standard deviation of each RGB channel, in [0, 1]: divided by before the network.</summary>
    public IReadOnlyList<double> Std { get; init; } = [0.22803, 0.22145, 0.216989];
}
