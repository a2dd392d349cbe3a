using System.Globalization;
using System.Text.RegularExpressions;

namespace Duet.Data.Media;

/// <summary>
/// A stream's first time, as the conversion's own graph prints it with the first frame: a number for the clock's unit, then the timestamp in
/// that unit. ffmpeg prints no more of a number than its digits, so the two streams are told apart by the level at which they print.
/// </summary>
internal sealed partial class PrintedTime
{
    /// <summary>A time base times this has enough digits left of the point to be told from every other one.</summary>
    private const double Scale = 1e15;

    private readonly bool perSecond;
    private bool complete;

    private PrintedTime(string level, bool perSecond)
    {
        Level = level;
        this.perSecond = perSecond;
    }

    /// <summary>What <c>setpts</c> prints on the video's path; its value is the timestamp, untouched.</summary>
    public const string OfFrames = "if(eq(N\\,0)\\,0*print(TB*1000000000000000\\,32)+print(PTS\\,32)\\,PTS)";

    /// <summary>What <c>asetpts</c> prints on the sound's path, behind a filter that makes the sample the unit.</summary>
    public const string OfSamples = "if(eq(N\\,0)\\,0*print(SR\\,40)+print(PTS\\,40)\\,PTS)";

    /// <summary>Reads what <see cref="OfFrames"/> prints.</summary>
    public static PrintedTime Frames() => new("info", perSecond: false);

    /// <summary>Reads what <see cref="OfSamples"/> prints.</summary>
    public static PrintedTime Samples() => new("verbose", perSecond: true);

    /// <summary>The level at which it is printed.</summary>
    public string Level { get; }

    /// <summary>The clock's unit, seconds; null before it is printed, 0 where it is absurd.</summary>
    public Rational? Unit { get; private set; }

    /// <summary>The time, seconds; null before it is printed, and where the file gives none or an absurd one.</summary>
    public Rational? Time { get; private set; }

    /// <summary>Takes a line of this level that ffmpeg says in nobody's name.</summary>
    /// <returns>Whether it was one of the two numbers.</returns>
    public bool Take(string text)
    {
        if (complete || !IsNumber(text))
        {
            return false;
        }

        if (Unit is null)
        {
            Unit = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var printed) && printed > 0 ? UnitOf(printed) : Rational.Zero;
            return true;
        }

        complete = true;
        if (Unit > 0 && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var timestamp)
            && decimal.IsInteger(timestamp) && timestamp is >= long.MinValue and <= long.MaxValue)
        {
            Time = Seconds((long)timestamp, Unit.Value);
        }

        return true;
    }

    /// <summary>Whether a line is a number as ffmpeg prints it.</summary>
    public static bool IsNumber(string text) => Number().IsMatch(text);

    private static Rational? Seconds(long timestamp, Rational unit)
    {
        try
        {
            return timestamp * unit;
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private Rational UnitOf(double printed) => perSecond
        ? printed == Math.Floor(printed) && printed <= int.MaxValue ? new Rational(1, (long)printed) : Rational.Zero
        : Nearest(printed / Scale, tolerance: ((printed * 4e-16) + 1e-6) / Scale);

    /// <summary>The simplest fraction within the tolerance: the last convergent of a continued fraction; 0 where there is none of two 32-bit numbers.</summary>
    private static Rational Nearest(double value, double tolerance)
    {
        var (beforeN, beforeD, n, d) = (0.0, 1.0, 1.0, 0.0);
        for (var rest = value; ; rest = 1 / (rest - Math.Floor(rest)))
        {
            var whole = Math.Floor(rest);
            (beforeN, beforeD, n, d) = (n, d, (whole * n) + beforeN, (whole * d) + beforeD);
            if (!(n <= int.MaxValue && d <= int.MaxValue))
            {
                return Rational.Zero;
            }

            if (Math.Abs(value - (n / d)) <= tolerance)
            {
                return new Rational((long)n, (long)d);
            }
        }
    }

    [GeneratedRegex(@"^(-?\d{1,25}\.\d{6}|-?nan)$", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
