using Duet.Data;

namespace Duet.Learning.Models;

/// <summary>Which network, and how large: a recipe's <c>video</c> or <c>audio</c> section.</summary>
public sealed record EncoderOptions : IValidated
{
    /// <summary>The most stages that a network has: conv1 to conv5.</summary>
    public const int MaximumStages = 5;

    /// <summary>The network's name in <see cref="EncoderRegistry"/>: <c>mc3_18</c>, <c>vgg_m</c>, ...</summary>
    public string Name { get; init; } = "mc3_18";

    /// <summary>Multiplies every stage's channels, which are then rounded to multiples of 8 and at least 8. 1 is the published network.</summary>
    public double Width { get; init; } = 1.0;

    /// <summary>How many of the stages conv1 to conv5 are built; 0 means all of them.</summary>
    public int Stages { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (EncoderRegistry.Find(Name) is null)
        {
            yield return new ValidationError(nameof(Name), $"there is no network '{Name}'; there are {string.Join(", ", EncoderRegistry.Names)}");
        }

        if (!(Width >= 1.0 / 64 && Width <= 4))
        {
            yield return new ValidationError(nameof(Width), "must be between 1/64 and 4");
        }

        if (Stages is < 0 or > MaximumStages)
        {
            yield return new ValidationError(nameof(Stages), $"must be between 1 and {MaximumStages}, or 0 for all of them");
        }
    }

    /// <summary>A stage's channels at this width: <paramref name="channels"/> at width 1, else the nearest multiple of 8, at least 8.</summary>
    /// <param name="channels">The published network's channels.</param>
    internal int Scale(int channels) =>
        Width == 1.0 ? channels : Math.Max(8, 8 * (int)Math.Round(channels * Width / 8, MidpointRounding.AwayFromZero));
}
