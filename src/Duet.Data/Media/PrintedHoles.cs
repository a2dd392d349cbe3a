using System.Globalization;

namespace Duet.Data.Media;

/// <summary>Holes in a stream's times that the conversion's own graph leaves out: as it prints them, two whole numbers for each, where it is in what comes out and how much was left out.</summary>
/// <param name="rate">How many of such numbers a second has.</param>
/// <param name="kept">What stays of each, seconds; it begins two numbers before the place that is printed.</param>
internal sealed class PrintedHoles(double rate, double kept)
{
    private readonly List<(int At, int Length)> all = [];
    private int? at;

    /// <summary>The holes, in their order.</summary>
    public IReadOnlyList<(int At, int Length)> All => all;

    /// <summary>The longest: where it begins and how long it is, seconds; null where there is none.</summary>
    public (double From, double Seconds)? Longest => all.Count == 0 ? null : Stretches().MaxBy(s => s.Seconds);

    /// <summary>Where each begins and how long it is, seconds, when nothing is left out.</summary>
    public IEnumerable<(double From, double Seconds)> Stretches()
    {
        var before = 0L;
        foreach (var (place, length) in all)
        {
            yield return ((place - 2 + before) / rate, kept + (length / rate));
            before += length;
        }
    }

    /// <summary>Takes a line.</summary>
    /// <returns>Whether it was a number.</returns>
    public bool Take(string text)
    {
        if (!PrintedTime.IsNumber(text) || !decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var whole = (int)Math.Clamp(number, -1, int.MaxValue); // which is more than any file may have
        if (at is not { } place)
        {
            at = whole;
            return true;
        }

        at = null;
        if (whole > 0 && place > (all.Count == 0 ? -1 : all[^1].At)) // a file's own texts can pass for such lines
        {
            all.Add((place, whole));
        }

        return true;
    }

    /// <summary>How much was left out of what came out.</summary>
    /// <param name="count">How much came out.</param>
    public long Added(long count) => all.Where(h => h.At < count).Sum(h => (long)h.Length);
}
