namespace Duet.Reports.Charts;

/// <summary>An axis' ticks: positions at 1, 2 or 5 times a power of ten, and labels with just the decimals that tell them apart.</summary>
internal sealed record Ticks(IReadOnlyList<double> Positions, IReadOnlyList<string> Labels)
{
    /// <summary>The largest number of ticks that a chart can ask for.</summary>
    public const int Limit = 100;

    /// <summary>
    /// The ticks inside [<paramref name="low"/>, <paramref name="high"/>], at most <paramref name="most"/> of them, as dense as that allows.
    /// </summary>
    public static Ticks Linear(double low, double high, int most, bool wholeNumbers = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, Limit);
        if (!double.IsFinite(low) || !double.IsFinite(high) || !(high > low) || !double.IsFinite(high - low))
        {
            throw new ArgumentException($"An axis needs a finite range, not [{low}, {high}].");
        }

        int exponent = Math.Max(-300, (int)Math.Floor(Math.Log10((high - low) / most)) - 1);
        while (true)
        {
            foreach (int factor in (ReadOnlySpan<int>)[1, 2, 5])
            {
                double step = factor * Math.Pow(10, exponent);
                if (wholeNumbers && step < 1)
                {
                    continue;
                }

                // A position that rounding moved a hair over the edge still belongs to the axis.
                double first = Math.Ceiling((low / step) - 1e-9);
                double last = Math.Floor((high / step) + 1e-9);
                if (last - first + 1 <= most)
                {
                    return Make(first, (int)(last - first) + 1, factor, exponent);
                }
            }

            exponent++;
        }
    }

    private static Ticks Make(double first, int count, int factor, int exponent)
    {
        var positions = new double[Math.Max(count, 0)];
        var labels = new string[positions.Length];
        double scale = Math.Pow(10, Math.Abs(exponent));
        for (int i = 0; i < positions.Length; i++)
        {
            // Dividing by a power of ten is exact where multiplying by its inverse isn't: 3 / 10 is 0.3, 3 * 0.1 is not.
            double multiple = (first + i) * factor;
            double position = exponent < 0 ? multiple / scale : multiple * scale;
            positions[i] = position == 0 ? 0 : position;
            labels[i] = Label(positions[i], exponent);
        }

        return new Ticks(positions, labels);
    }

    private static string Label(double value, int exponent)
    {
        var invariant = System.Globalization.CultureInfo.InvariantCulture;
        double magnitude = Math.Abs(value);
        string text = (exponent < -4 || magnitude >= 1e7) && magnitude > 0
            ? value.ToString("0.######e0", invariant)
            : magnitude >= 10_000
                ? value.ToString("#,0", invariant).Replace(",", "\u202F", StringComparison.Ordinal)
                : value.ToString("F" + Math.Max(0, -exponent), invariant);
        return text.Replace('-', '\u2212');
    }
}
