namespace Duet.Data.Scenes;

/// <summary>
/// Event times that never become a rhythm: intervals are log-uniform and each differs from the one before by at least a quarter,
/// so a window moved by half a second does not fall on the pattern again.
/// </summary>
internal static class Onsets
{
    /// <summary>Events are planned from this long before the first frame (and after the last one), so that a clip starts in mid-action.</summary>
    public const double Margin = 1.0;

    private const double LeastRatio = 1.25;

    /// <summary>Times on the sample grid, from -<see cref="Margin"/> to <c>Seconds</c> + <see cref="Margin"/>.</summary>
    /// <param name="setup">The video's length, sample rate and dice.</param>
    /// <param name="least">The shortest interval in seconds.</param>
    /// <param name="most">The longest interval in seconds; at least 1.6 times the shortest.</param>
    public static double[] Irregular(SceneSetup setup, double least, double most)
    {
        var times = new List<double>();
        var interval = 0.0;
        for (var time = -Margin + setup.Dice.Uniform(0, least); time < setup.Seconds + Margin; time += interval)
        {
            times.Add(setup.OnGrid(time));
            double next;
            do
            {
                next = setup.Dice.LogUniform(least, most);
            }
            while (interval > 0 && Math.Max(next, interval) / Math.Min(next, interval) < LeastRatio);
            interval = next;
        }

        return [.. times];
    }

    /// <summary>The index of the last time that is not after <paramref name="time"/>, or -1.</summary>
    public static int Last(double[] times, double time)
    {
        var index = Array.BinarySearch(times, time);
        return index >= 0 ? index : ~index - 1;
    }
}
