namespace Duet.Reports.Filters;

/// <summary>What can be said of filters in numbers: how far they moved, and how unlike noise they are.</summary>
public sealed record FilterMeasures
{
    /// <summary>The encoder's modality.</summary>
    public required string Modality { get; init; }

    /// <summary>The parameter's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its shape.</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>Root mean square of the learned weights.</summary>
    public required double Rms { get; init; }

    /// <summary>Root mean square of the random weights.</summary>
    public required double RandomRms { get; init; }

    /// <summary>Cosine of the angle between learned and random weights as two long vectors: 1 where nothing was learned but scale.</summary>
    public required double CosineToRandom { get; init; }

    /// <summary>
    /// Mean squared difference of neighbours in the picture over twice the mean square: about 1 for noise, near 0 for smooth patterns; null where the filter is one pixel.
    /// </summary>
    public double? Roughness { get; init; }

    /// <summary>The same of the random weights.</summary>
    public double? RandomRoughness { get; init; }

    /// <summary>The share of the weights' energy that doesn't change over the filter's time: 1 for a filter that sees no motion; null without a time axis.</summary>
    public double? StillShare { get; init; }

    /// <summary>The same of the random weights: about 1 over the number of time steps.</summary>
    public double? RandomStillShare { get; init; }

    /// <summary>The share of the energy that is the same in red, green and blue; null where there are no colours.</summary>
    public double? GreyShare { get; init; }

    /// <summary>The same of the random weights: about a third.</summary>
    public double? RandomGreyShare { get; init; }

    /// <summary>Learned weights that are not finite.</summary>
    public required int NotFinite { get; init; }

    internal static FilterMeasures Of(EncoderFilters encoder, FilterBank bank)
    {
        var layout = FilterLayout.Of(bank.Shape, encoder.Modality);
        return new FilterMeasures
        {
            Modality = encoder.Modality,
            Name = bank.Name,
            Shape = bank.Shape,
            Rms = RootMeanSquare(bank.Learned),
            RandomRms = RootMeanSquare(bank.Random),
            CosineToRandom = bank.Learned.Zip(bank.Random, (a, b) => (double)a * b).Sum() / Math.Max(double.Epsilon, RootMeanSquare(bank.Learned) * RootMeanSquare(bank.Random) * bank.Learned.Count),
            Roughness = RoughnessOf(bank.Learned, layout),
            RandomRoughness = RoughnessOf(bank.Random, layout),
            StillShare = SharedAlong(bank.Learned, layout.Slices > 1, layout, (f, c, t, p) => layout.At(f, c, t, p), layout.Channels, layout.Slices),
            RandomStillShare = SharedAlong(bank.Random, layout.Slices > 1, layout, (f, c, t, p) => layout.At(f, c, t, p), layout.Channels, layout.Slices),
            GreyShare = SharedAlong(bank.Learned, layout.Colour, layout, (f, t, c, p) => layout.At(f, c, t, p), layout.Slices, layout.Channels),
            RandomGreyShare = SharedAlong(bank.Random, layout.Colour, layout, (f, t, c, p) => layout.At(f, c, t, p), layout.Slices, layout.Channels),
            NotFinite = bank.Learned.Count(w => !float.IsFinite(w)),
        };
    }

    private static double RootMeanSquare(IReadOnlyList<float> weights) => Math.Sqrt(weights.Average(w => (double)w * w));

    private static double? RoughnessOf(IReadOnlyList<float> weights, FilterLayout layout)
    {
        if (layout.Pixels == 1)
        {
            return null;
        }

        double difference = 0, energy = 0;
        long pairs = 0;
        for (int start = 0; start < weights.Count; start += layout.Pixels)
        {
            for (int y = 0; y < layout.Rows; y++)
            {
                for (int x = 0; x < layout.Columns; x++)
                {
                    double here = weights[start + (y * layout.Columns) + x];
                    energy += here * here;
                    if (x + 1 < layout.Columns)
                    {
                        difference += Math.Pow(here - weights[start + (y * layout.Columns) + x + 1], 2);
                        pairs++;
                    }

                    if (y + 1 < layout.Rows)
                    {
                        difference += Math.Pow(here - weights[start + ((y + 1) * layout.Columns) + x], 2);
                        pairs++;
                    }
                }
            }
        }

        return energy > 0 ? difference / pairs / (2 * energy / weights.Count) : null;
    }

    /// <summary>The share of the energy that lies in the mean along an axis.</summary>
    private static double? SharedAlong(IReadOnlyList<float> weights, bool exists, FilterLayout layout, Func<int, int, int, int, int> at, int others, int along)
    {
        if (!exists)
        {
            return null;
        }

        double shared = 0, energy = 0;
        for (int filter = 0; filter < layout.Filters; filter++)
        {
            for (int other = 0; other < others; other++)
            {
                for (int pixel = 0; pixel < layout.Pixels; pixel++)
                {
                    double sum = 0;
                    for (int i = 0; i < along; i++)
                    {
                        double value = weights[at(filter, other, i, pixel)];
                        sum += value;
                        energy += value * value;
                    }

                    shared += sum * sum / along;
                }
            }
        }

        return energy > 0 ? shared / energy : null;
    }
}

/// <summary>The axes of a bank of filters.</summary>
/// <param name="Filters">Output channels.</param>
/// <param name="Channels">Input channels.</param>
/// <param name="Slices">Time steps of a video filter; 1 of an audio filter, whose time is an axis of its picture.</param>
/// <param name="Rows">The stored picture's rows.</param>
/// <param name="Columns">The stored picture's columns.</param>
/// <param name="Spectral">Whether the picture is of time x mels, which is drawn with time running to the right and mels upwards.</param>
internal sealed record FilterLayout(int Filters, int Channels, int Slices, int Rows, int Columns, bool Spectral)
{
    public int Pixels => Rows * Columns;

    /// <summary>Whether the channels are red, green and blue.</summary>
    public bool Colour => !Spectral && Channels == 3;

    /// <summary>Whether a filter mixes channels over time, without a picture: R(2+1)D's second convolution.</summary>
    public bool Temporal => !Spectral && Pixels == 1 && Slices > 1;

    public int At(int filter, int channel, int slice, int pixel) => (((((filter * Channels) + channel) * Slices) + slice) * Pixels) + pixel;

    public static FilterLayout Of(IReadOnlyList<int> shape, string modality) => shape.Count == 5
        ? new FilterLayout(shape[0], shape[1], shape[2], shape[3], shape[4], Spectral: false)
        : new FilterLayout(shape[0], shape[1], 1, shape[2], shape[3], Spectral: modality == "audio");
}
