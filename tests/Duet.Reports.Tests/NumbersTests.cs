using Shouldly;
using Xunit;

namespace Duet.Reports.Tests;

public sealed class NumbersTests
{
    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(0.04, "0")]
    [InlineData(-0.04, "0")]
    [InlineData(-0.5, "−0.5")]
    [InlineData(12.25, "+12.3")]
    public void SignsAreThereExceptOnZero(double value, string expected) => Numbers.WithSign(value, "0.#").ShouldBe(expected);

    [Theory]
    [InlineData(0, "0.0\u00A0s")]
    [InlineData(9.44, "9.4\u00A0s")]
    [InlineData(9.94, "10\u00A0s")]
    [InlineData(59.4, "59\u00A0s")]
    [InlineData(59.6, "1\u00A0min 00\u00A0s")]
    [InlineData(425, "7\u00A0min 05\u00A0s")]
    [InlineData(3599.7, "1\u00A0h 00\u00A0min")]
    [InlineData(90_000, "25\u00A0h 00\u00A0min")]
    [InlineData(double.NaN, "–")]
    public void DurationsRoundToWhatPeopleSay(double seconds, string expected) => Numbers.Duration(seconds).ShouldBe(expected);

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.53121, "0.5312")]
    [InlineData(-0.25, "−0.25")]
    [InlineData(12.3456, "12.346")]
    [InlineData(1234.56, "1234.6")]
    [InlineData(0.00001234, "1.23e−5")]
    [InlineData(double.PositiveInfinity, "–")]
    public void PlainNumbersStayReadable(double value, string expected) => Numbers.Plain(value).ShouldBe(expected);

    [Fact]
    public void MissingNumbersAreADash()
    {
        Numbers.Percent(null).ShouldBe("–");
        Numbers.Percent(double.NaN).ShouldBe("–");
        Numbers.PercentInterval(null).ShouldBe("–");
        Numbers.Score(null).ShouldBe("–");
        Numbers.Count(null).ShouldBe("–");
        Numbers.Points(null).ShouldBe("–");
    }
}
