namespace Duet.Reports.Charts;

/// <summary>A straight map from data to pixels.</summary>
internal readonly record struct Scale(double Low, double High, double From, double To)
{
    /// <summary>The pixel of a value; values outside the range are drawn at its edge.</summary>
    public double this[double value] => From + (Math.Clamp((value - Low) / (High - Low), 0, 1) * (To - From));

    /// <summary>A range that holds all values with some air, never empty, starting at zero where asked.</summary>
    public static (double Low, double High) RangeOf(IEnumerable<double> values, bool fromZero, double air = 0.06)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        foreach (double value in values)
        {
            if (double.IsFinite(value))
            {
                low = Math.Min(low, value);
                high = Math.Max(high, value);
            }
        }

        if (low > high)
        {
            return (0, 1);
        }

        if (fromZero)
        {
            low = Math.Min(low, 0);
            high = Math.Max(high, 0);
        }

        // Magnitudes whose difference would overflow or vanish in a double still get an axis.
        low = Math.Clamp(low, -1e300, 1e300);
        high = Math.Clamp(high, -1e300, 1e300);
        double span = high - low;
        if (span <= Math.Max(Math.Abs(low), Math.Abs(high)) * 1e-9)
        {
            double half = Math.Max(Math.Abs(low) * 0.1, low == 0 ? 0.5 : 1e-12);
            return fromZero && low == 0 ? (0, 1) : (low - half, high + half);
        }

        return (fromZero && low == 0 ? 0 : low - (span * air), high + (span * air));
    }
}
