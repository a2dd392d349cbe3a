using CsCheck;
using Duet.Reports.Charts;
using Shouldly;
using Xunit;

namespace Duet.Reports.Tests.Charts;

public sealed class ScaleTests
{
    [Fact]
    public void ValuesMapStraightAndStayOnThePlot()
    {
        var scale = new Scale(0, 10, 100, 200);
        scale[0].ShouldBe(100);
        scale[2.5].ShouldBe(125);
        scale[10].ShouldBe(200);
        scale[-3].ShouldBe(100);
        scale[99].ShouldBe(200);
    }

    [Fact]
    public void EveryRangeHoldsItsValuesAndCanCarryTicks() =>
        Gen.Select(Gen.Double.Array[0, 6], Gen.Bool).Sample((values, fromZero) =>
        {
            var (low, high) = Scale.RangeOf(values, fromZero);
            high.ShouldBeGreaterThan(low);
            double.IsFinite(high - low).ShouldBeTrue();
            foreach (double value in values.Where(v => double.IsFinite(v) && Math.Abs(v) < 1e300))
            {
                value.ShouldBeInRange(low, high);
            }

            Ticks.Linear(low, high, 6).Positions.Count.ShouldBeInRange(0, 6);
        });

    [Fact]
    public void AFlatCurveStillHasAnAxis() => Scale.RangeOf([0.5, 0.5], fromZero: false).ShouldBe((0.45, 0.55));

    [Fact]
    public void ZeroIsTheBaseWhereAsked() => Scale.RangeOf([2, 4], fromZero: true, air: 0.25).ShouldBe((0, 5));

    [Fact]
    public void NothingFiniteIsTheUnitRange() => Scale.RangeOf([double.NaN, double.PositiveInfinity], fromZero: false).ShouldBe((0, 1));
}
