using System.Numerics;
using CsCheck;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests;

public sealed class RationalTests
{
    private static readonly Gen<Rational> Fractions =
        from n in Gen.Int[-1_000_000, 1_000_000]
        from d in Gen.Int[1, 100_000]
        select new Rational(n, d);

    [Fact]
    public void It_is_kept_in_lowest_terms_with_a_positive_denominator() =>
        Gen.Select(Gen.Long[-1L << 40, 1L << 40], Gen.Long[-1L << 40, 1L << 40].Where(d => d != 0)).Sample((n, d) =>
        {
            var r = new Rational(n, d);
            r.Denominator.ShouldBeGreaterThan(0);
            BigInteger.GreatestCommonDivisor(r.Numerator, r.Denominator).ShouldBe(BigInteger.One);
            ((BigInteger)r.Numerator * d).ShouldBe((BigInteger)n * r.Denominator);
        });

    [Fact]
    public void Arithmetic_is_that_of_fractions() =>
        Gen.Select(Fractions, Fractions, Fractions).Sample((a, b, c) =>
        {
            ((a + b) + c).ShouldBe(a + (b + c));
            (a * (b + c)).ShouldBe((a * b) + (a * c));
            (a - b + b).ShouldBe(a);
            (-a + a).ShouldBe(Rational.Zero);
            if (b != 0)
            {
                (a / b * b).ShouldBe(a);
            }
        });

    [Fact]
    public void Floor_ceiling_and_round_agree_with_big_integers() =>
        Fractions.Sample(a =>
        {
            var floor = BigInteger.Divide((BigInteger)a.Numerator - (a.Numerator < 0 ? a.Denominator - 1 : 0), a.Denominator);
            a.Floor().ShouldBe((long)floor);
            a.Ceiling().ShouldBe(a.Denominator == 1 ? (long)floor : (long)floor + 1);
            a.Round().ShouldBe((a + new Rational(1, 2)).Floor());
        });

    [Fact]
    public void Order_is_that_of_the_numbers() =>
        Gen.Select(Fractions, Fractions).Sample((a, b) =>
        {
            var sign = ((BigInteger)a.Numerator * b.Denominator).CompareTo((BigInteger)b.Numerator * a.Denominator);
            Math.Sign(a.CompareTo(b)).ShouldBe(sign);
            (a < b).ShouldBe(sign < 0);
            (a >= b).ShouldBe(sign >= 0);
            (a == b).ShouldBe(sign == 0);
            if (sign == 0)
            {
                a.GetHashCode().ShouldBe(b.GetHashCode());
            }
        });

    [Fact]
    public void What_it_writes_it_reads() =>
        Fractions.Sample(a => Rational.TryParse(a.ToString(), out var b) && a == b);

    [Theory]
    [InlineData("25", 25, 1)]
    [InlineData("0.48", 12, 25)]
    [InlineData("-1.5", -3, 2)]
    [InlineData("30000/1001", 30000, 1001)]
    public void Texts_people_write_are_read(string text, long numerator, long denominator)
    {
        Rational.TryParse(text, out var value).ShouldBeTrue();
        value.ShouldBe(new Rational(numerator, denominator));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1/0")]
    [InlineData("1/-2")]
    [InlineData("1,5")]
    [InlineData("1e3")]
    [InlineData("99999999999999999999")]
    public void Other_texts_are_not(string? text) => Rational.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void Overflow_and_division_by_zero_throw_instead_of_wrapping()
    {
        Should.Throw<OverflowException>(() => new Rational(long.MaxValue) + 1);
        Should.Throw<OverflowException>(() => new Rational(long.MaxValue) * 2);
        Should.Throw<OverflowException>(() => -new Rational(long.MinValue));
        Should.Throw<DivideByZeroException>(() => new Rational(1) / Rational.Zero);
        Should.Throw<DivideByZeroException>(() => new Rational(1, 0));
        default(Rational).ShouldBe(new Rational(0, 7));
    }
}
