using System.Globalization;

namespace Duet.Reports;

/// <summary>How numbers are written: one place, the invariant culture, and a dash for what isn't there.</summary>
internal static class Numbers
{
    /// <summary>What stands for a number that is missing or not finite.</summary>
    public const string None = "–";

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>A pixel coordinate: at most two decimals.</summary>
    public static string Coordinate(double value) => Math.Round(value, 2).ToString("0.##", Invariant);

    /// <summary>A share as a percentage with one decimal: <c>0.9312</c> is <c>93.1 %</c>.</summary>
    public static string Percent(double? share) => IsNumber(share) ? (share!.Value * 100).ToString("0.0", Invariant) + "\u00A0%" : None;

    /// <summary>A percentage without decimals.</summary>
    public static string WholePercent(double? share) => IsNumber(share) ? (share!.Value * 100).ToString("0", Invariant) + "\u00A0%" : None;

    /// <summary>An interval of shares, in percent: <c>90.1 – 95.2 %</c>.</summary>
    public static string PercentInterval(Interval? interval) =>
        interval is { } i ? string.Create(Invariant, $"{i.Low * 100:0.0}\u2009–\u2009{i.High * 100:0.0}\u00A0%") : None;

    /// <summary>A score in [0, 1] with three decimals.</summary>
    public static string Score(double? value) => IsNumber(value) ? value!.Value.ToString("0.000", Invariant) : None;

    /// <summary>An interval of scores.</summary>
    public static string ScoreInterval(Interval? interval) => interval is { } i ? string.Create(Invariant, $"{i.Low:0.000}\u2009–\u2009{i.High:0.000}") : None;

    /// <summary>A difference in percentage points with its sign: <c>+18.2</c>; the minus sign is a real one.</summary>
    public static string Points(double? points) => IsNumber(points) ? WithSign(points!.Value, "0.0") : None;

    /// <summary>An interval of percentage points.</summary>
    public static string PointsInterval(Interval? interval) => interval is { } i ? $"{WithSign(i.Low, "0.0")} to {WithSign(i.High, "0.0")}" : None;

    /// <summary>A count with thin spaces between thousands.</summary>
    public static string Count(long? count) => count is { } n ? n.ToString("#,0", Invariant).Replace(",", "\u202F", StringComparison.Ordinal) : None;

    /// <summary>Three or four significant digits, scientific only where plain would be unreadable.</summary>
    public static string Plain(double? value)
    {
        if (!IsNumber(value))
        {
            return None;
        }

        double v = value!.Value;
        double magnitude = Math.Abs(v);
        string text = magnitude switch
        {
            0 => "0",
            < 1e-3 or >= 1e6 => v.ToString("0.##e0", Invariant),
            < 1 => v.ToString("0.####", Invariant),
            < 100 => v.ToString("0.###", Invariant),
            _ => v.ToString("0.#", Invariant),
        };
        return text.Replace('-', '\u2212');
    }

    /// <summary>A length of time in words: <c>42 s</c>, <c>7 min 05 s</c>, <c>3 h 12 min</c>.</summary>
    public static string Duration(double? seconds)
    {
        if (!IsNumber(seconds))
        {
            return None;
        }

        double s = seconds!.Value;
        long whole = (long)Math.Round(Math.Min(Math.Max(s, 0), 1e12));
        return whole switch
        {
            < 10 => string.Create(Invariant, $"{s:0.0}\u00A0s"),
            < 60 => string.Create(Invariant, $"{whole}\u00A0s"),
            < 3600 => string.Create(Invariant, $"{whole / 60}\u00A0min {whole % 60:00}\u00A0s"),
            _ => string.Create(Invariant, $"{whole / 3600}\u00A0h {whole / 60 % 60:00}\u00A0min"),
        };
    }

    /// <summary>A signed number of seconds: <c>+0.24 s</c>, <c>−0.5 s</c>, <c>0 s</c>.</summary>
    public static string SignedSeconds(double seconds) => WithSign(seconds, "0.##") + "\u00A0s";

    /// <summary>A number with a plus or a real minus sign; zero has none.</summary>
    public static string WithSign(double value, string format)
    {
        string text = Math.Abs(value).ToString(format, Invariant);
        bool zero = text.All(c => c is '0' or '.');
        return zero ? text : (value < 0 ? "\u2212" : "+") + text;
    }

    private static bool IsNumber(double? value) => value is { } v && double.IsFinite(v);
}
