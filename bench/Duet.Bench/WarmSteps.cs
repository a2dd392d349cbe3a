using System.Diagnostics;

namespace Duet.Bench;

/// <summary>
/// Times steps once they are what they will be in a long run: .NET compiles methods a second time, and better, after some calls, and libraries plan in their first ones. The peers warm up
/// for as long.
/// </summary>
internal static class WarmSteps
{
    private const int Fewest = 2;
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(4);

    /// <summary>The median time of a step.</summary>
    /// <param name="steps">Measured steps, after two and four seconds for warming up.</param>
    /// <param name="step">Takes one.</param>
    /// <returns>Seconds.</returns>
    public static double Median(int steps, Action step)
    {
        var all = Stopwatch.StartNew();
        for (var warm = 0; warm < Fewest || all.Elapsed < Least; warm++)
        {
            step();
        }

        var seconds = new double[steps];
        for (var i = 0; i < steps; i++)
        {
            var start = Stopwatch.GetTimestamp();
            step();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds[steps / 2];
    }
}
