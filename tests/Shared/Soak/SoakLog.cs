using System.Globalization;
using Shouldly;

namespace Duet.Tests.Shared.Soak;

/// <summary>
/// What was measured again and again while something went on for long. What leaks grows for as long as it goes on; what only warms up has levelled off after a quarter. So the second and
/// the last quarter are compared: half of the work lies between their middles, and what one item in it leaves behind is there many times. Of each quarter the value counts that a quarter
/// of its measurements lie below: what is open for a moment only raises others.
/// </summary>
internal sealed class SoakLog
{
    private readonly Dictionary<string, List<double>> series = new(StringComparer.Ordinal);

    /// <summary>Measurements of each kind so far.</summary>
    public int Count => series.Count == 0 ? 0 : series.Values.Min(v => v.Count);

    /// <summary>Takes one measurement of each kind.</summary>
    public void Add(params (string Name, double Value)[] values)
    {
        foreach (var (name, value) in values)
        {
            if (!series.TryGetValue(name, out var list))
            {
                series.Add(name, list = []);
            }

            list.Add(value);
        }
    }

    /// <summary>Fails where the last quarter is above the second by more than what noise does.</summary>
    /// <param name="name">The kind.</param>
    /// <param name="tolerance">What noise does.</param>
    public void ShouldLevelOff(string name, double tolerance)
    {
        var values = series[name];
        values.Count.ShouldBeGreaterThanOrEqualTo(16, $"{name}: too few measurements to tell a leak from a start");
        (Quarter(values, 3) - Quarter(values, 1)).ShouldBeLessThanOrEqualTo(tolerance, $"{name} grows: {this}");
    }

    /// <summary>A line per kind: the value of each quarter, and the most.</summary>
    public override string ToString() => string.Join('\n', series.Select(s =>
        $"{s.Key}: {string.Join(", ", Enumerable.Range(0, 4).Select(q => Text(Quarter(s.Value, q))))}; at most {Text(s.Value.Max())} ({s.Value.Count} measurements)"));

    private static string Text(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static double Quarter(List<double> values, int number)
    {
        var quarter = values.GetRange(values.Count * number / 4, (values.Count * (number + 1) / 4) - (values.Count * number / 4)).Order().ToArray();
        return quarter[quarter.Length / 4];
    }
}
