using System.Globalization;

namespace Duet.Data;

/// <summary>
/// An exact fraction, in lowest terms with a positive denominator: frame rates, seconds, time bases. Time in Duet is
/// never an accumulated floating-point number.
/// </summary>
public readonly struct Rational : IEquatable<Rational>, IComparable<Rational>
{
    private readonly long denominatorMinusOne; // so that default(Rational) is 0/1

    /// <summary>Makes the fraction and reduces it.</summary>
    /// <param name="numerator">Any value.</param>
    /// <param name="denominator">Any value but zero.</param>
    /// <exception cref="DivideByZeroException">The denominator is zero.</exception>
    /// <exception cref="OverflowException">The reduced fraction does not fit into 64 bits.</exception>
    public Rational(long numerator, long denominator = 1)
    {
        var reduced = Reduce(numerator, denominator);
        Numerator = reduced.Numerator;
        denominatorMinusOne = reduced.Denominator - 1;
    }

    /// <summary>The numerator; carries the sign.</summary>
    public long Numerator { get; }

    /// <summary>The denominator, at least 1.</summary>
    public long Denominator => denominatorMinusOne + 1;

    /// <summary>Zero.</summary>
    public static Rational Zero => default;

    /// <summary>The largest integer not above this fraction.</summary>
    public long Floor() => (long)Floor(Numerator, Denominator);

    /// <summary>The smallest integer not below this fraction.</summary>
    public long Ceiling() => -(long)Floor(-(Int128)Numerator, Denominator);

    /// <summary>The nearest integer; halves go up.</summary>
    public long Round() => (long)Floor((2 * (Int128)Numerator) + Denominator, 2 * (Int128)Denominator);

    /// <summary>The nearest double.</summary>
    public double ToDouble() => (double)Numerator / Denominator;

    /// <summary>Sum.</summary>
    public static Rational operator +(Rational a, Rational b) =>
        FromWide(((Int128)a.Numerator * b.Denominator) + ((Int128)b.Numerator * a.Denominator), (Int128)a.Denominator * b.Denominator);

    /// <summary>Difference.</summary>
    public static Rational operator -(Rational a, Rational b) =>
        FromWide(((Int128)a.Numerator * b.Denominator) - ((Int128)b.Numerator * a.Denominator), (Int128)a.Denominator * b.Denominator);

    /// <summary>Product.</summary>
    public static Rational operator *(Rational a, Rational b) =>
        FromWide((Int128)a.Numerator * b.Numerator, (Int128)a.Denominator * b.Denominator);

    /// <summary>Quotient.</summary>
    /// <exception cref="DivideByZeroException"><paramref name="b"/> is zero.</exception>
    public static Rational operator /(Rational a, Rational b) =>
        FromWide((Int128)a.Numerator * b.Denominator, (Int128)a.Denominator * b.Numerator);

    /// <summary>Negation.</summary>
    public static Rational operator -(Rational a) => FromWide(-(Int128)a.Numerator, a.Denominator);

    /// <summary>Less.</summary>
    public static bool operator <(Rational a, Rational b) => a.CompareTo(b) < 0;

    /// <summary>Greater.</summary>
    public static bool operator >(Rational a, Rational b) => a.CompareTo(b) > 0;

    /// <summary>Less or equal.</summary>
    public static bool operator <=(Rational a, Rational b) => a.CompareTo(b) <= 0;

    /// <summary>Greater or equal.</summary>
    public static bool operator >=(Rational a, Rational b) => a.CompareTo(b) >= 0;

    /// <summary>Equality of value.</summary>
    public static bool operator ==(Rational a, Rational b) => a.Equals(b);

    /// <summary>Inequality of value.</summary>
    public static bool operator !=(Rational a, Rational b) => !a.Equals(b);

    /// <summary>An integer is a fraction.</summary>
    public static implicit operator Rational(long value) => new(value);

    /// <summary>Reads <c>25</c>, <c>0.48</c>, <c>-1.5</c> or <c>30000/1001</c>.</summary>
    /// <param name="text">The text; the decimal separator is a point.</param>
    /// <param name="value">The fraction, or zero.</param>
    /// <returns>Whether the text was one of these forms and fits.</returns>
    public static bool TryParse(string? text, out Rational value)
    {
        value = default;
        if (string.IsNullOrWhiteSpace(text))
        {
            return false;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0)
        {
            if (!long.TryParse(text.AsSpan(0, slash), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n)
                || !long.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var d)
                || d == 0)
            {
                return false;
            }

            value = new Rational(n, d);
            return true;
        }

        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number.Scale > 12 || Math.Abs(number) > 1_000_000m)
        {
            return false;
        }

        var scale = 1L;
        for (var i = 0; i < number.Scale; i++)
        {
            scale *= 10;
        }

        value = new Rational((long)(number * scale), scale);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(Rational other) =>
        ((Int128)Numerator * other.Denominator).CompareTo((Int128)other.Numerator * Denominator);

    /// <inheritdoc/>
    public bool Equals(Rational other) => Numerator == other.Numerator && denominatorMinusOne == other.denominatorMinusOne;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Rational other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Numerator, denominatorMinusOne);

    /// <summary><c>25</c> for an integer, else <c>30000/1001</c>.</summary>
    public override string ToString() => Denominator == 1
        ? Numerator.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");

    private static Int128 Floor(Int128 n, Int128 d) => n >= 0 ? n / d : -((-n + d - 1) / d);

    private static Rational FromWide(Int128 n, Int128 d)
    {
        var (numerator, denominator) = Reduce(n, d);
        return new Rational(numerator, denominator);
    }

    private static (long Numerator, long Denominator) Reduce(Int128 n, Int128 d)
    {
        if (d == 0)
        {
            throw new DivideByZeroException("A fraction's denominator is zero.");
        }

        if (d < 0)
        {
            (n, d) = (-n, -d);
        }

        var (a, b) = (Int128.Abs(n), d);
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return (checked((long)(n / a)), checked((long)(d / a)));
    }
}
