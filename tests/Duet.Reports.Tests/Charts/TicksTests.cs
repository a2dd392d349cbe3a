using System.Globalization;
using CsCheck;
using Duet.Reports.Charts;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Charts;

public sealed class TicksTests
{
    [Theory]
    [InlineData(0, 1, 6, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(0, 1, 11, "0.0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1.0")]
    [InlineData(0, 1200, 7, "0 200 400 600 800 1000 1200")]
    [InlineData(-1.5, 1.5, 9, "−1.5 −1.0 −0.5 0.0 0.5 1.0 1.5")]
    [InlineData(0, 0.02, 6, "0.000 0.005 0.010 0.015 0.020")]
    [InlineData(3.02, 3.11, 5, "3.02 3.04 3.06 3.08 3.10")]
    [InlineData(0, 1e6, 3, "0 500\u202F000 1\u202F000\u202F000")]
    [InlineData(0, 3e-9, 4, "0e0 1e-9 2e-9 3e-9")]
    public void TicksAreWhatAPersonWouldDraw(double low, double high, int most, string expected)
    {
        string labels = string.Join(' ', Ticks.Linear(low, high, most).Labels);
        labels.ShouldBe(expected.Replace("0e0", "0.0000000000"[..11], StringComparison.Ordinal).Replace("e-9", "e\u22129", StringComparison.Ordinal));
    }

    [Fact]
    public void StepsOfWholeThingsAreWhole() => Ticks.Linear(0, 3, 8, wholeNumbers: true).Positions.ShouldBe([0.0, 1, 2, 3]);

    private static readonly Gen<(double Low, double High, int Most)> Ranges =
        Gen.Select(Gen.Double[-1, 1], Gen.Double[1e-3, 1], Gen.Int[-9, 9], Gen.Int[2, 15])
            .Select((low, span, exponent, most) => (low * Math.Pow(10, exponent), (low + span) * Math.Pow(10, exponent), most));

    [Fact]
    public void TicksLieInsideRiseEvenlyAreNotTooManyAndReadAsTheirPosition() => Ranges.Sample((low, high, most) =>
    {
        var ticks = Ticks.Linear(low, high, most);
        double span = high - low;
        ticks.Positions.Count.ShouldBeLessThanOrEqualTo(most);
        ticks.Labels.Count.ShouldBe(ticks.Positions.Count);
        ticks.Labels.ShouldBeUnique();
        for (int i = 0; i < ticks.Positions.Count; i++)
        {
            ticks.Positions[i].ShouldBeInRange(low - (span * 1e-6), high + (span * 1e-6));
            double label = double.Parse(ticks.Labels[i].Replace('−', '-').Replace("\u202F", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
            label.ShouldBe(ticks.Positions[i], span * 1e-6);
            if (i > 1)
            {
                (ticks.Positions[i] - ticks.Positions[i - 1]).ShouldBe(ticks.Positions[1] - ticks.Positions[0], span * 1e-6);
            }
        }
    });

    [Fact]
    public void NoDenserNiceStepWouldFit() => Ranges.Sample((low, high, most) =>
    {
        // Tried one by one: the densest step of 1, 2 or 5 times a power of ten whose multiples in the range are few enough.
        double best = double.PositiveInfinity;
        for (int exponent = -20; exponent <= 20; exponent++)
        {
            foreach (int factor in (int[])[1, 2, 5])
            {
                double step = factor * Math.Pow(10, exponent);
                if (Math.Floor((high / step) + 1e-9) - Math.Ceiling((low / step) - 1e-9) + 1 <= most)
                {
                    best = Math.Min(best, step);
                }
            }
        }

        int expected = (int)(Math.Floor((high / best) + 1e-9) - Math.Ceiling((low / best) - 1e-9)) + 1;
        Ticks.Linear(low, high, most).Positions.Count.ShouldBe(Math.Max(expected, 0));
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(0, double.PositiveInfinity)]
    [InlineData(-1.7e308, 1.7e308)]
    public void ARangeThatIsNoneIsRefused(double low, double high) => Should.Throw<ArgumentException>(() => Ticks.Linear(low, high, 5));
}
