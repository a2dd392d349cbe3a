using Duet.Learning.Audio;
using Duet.Learning.Models;

namespace Duet.Learning.Evaluation;

/// <summary>
/// <see cref="LogMelStatistics"/> in the place of an encoder for sound: one stage, no weights, so that the humble baseline goes through the same clips,
/// splits and scores as every network.
/// </summary>
internal sealed class LogMelNetwork : Encoder
{
    /// <summary>The network's and its only layer's name.</summary>
    public const string LayerName = "log_mel";

    /// <summary>Makes it.</summary>
    /// <param name="melBins">Bands of the spectrograms.</param>
    public LogMelNetwork(int melBins)
        : base(Modality.Audio, new EncoderOptions { Name = LayerName }) =>
        Layers = [new EncoderLayer(LayerName, LogMelStatistics.PerBand * melBins)];

    /// <inheritdoc/>
    public override IReadOnlyList<EncoderLayer> Layers { get; }

    /// <inheritdoc/>
    private protected override IReadOnlyList<IReadOnlyList<EncoderBlock>> Stages { get; } = [[new EncoderBlock.Statistic(LogMelStatistics.Of)]];
}
