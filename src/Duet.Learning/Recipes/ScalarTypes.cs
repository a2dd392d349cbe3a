using System.Globalization;
using System.Reflection;
using System.Text.Json.Serialization;
using Duet.Data;

namespace Duet.Learning.Recipes;

/// <summary>The single values that options are made of, from text and to text.</summary>
internal static class ScalarTypes
{
    /// <summary>The largest numerator or denominator: products of a few such fractions still fit into 64 bits once reduced.</summary>
    private const long LargestTerm = 1_000_000_000;

    /// <summary>The typed value, or null where the text is not of that type.</summary>
    public static object? Parse(ScalarNode node, Type type)
    {
        if (type == typeof(string))
        {
            return node.Text;
        }

        if (type.IsEnum)
        {
            return Enum.GetValues(type).Cast<Enum>().FirstOrDefault(v => string.Equals(EnumName(v), node.Text, StringComparison.Ordinal));
        }

        if (node.Quoted)
        {
            return null;
        }

        const NumberStyles whole = NumberStyles.AllowLeadingSign;
        const NumberStyles real = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return type switch
        {
            _ when type == typeof(bool) => node.Text switch { "true" => true, "false" => false, _ => null },
            _ when type == typeof(int) => int.TryParse(node.Text, whole, CultureInfo.InvariantCulture, out var i) ? i : null,
            _ when type == typeof(long) => long.TryParse(node.Text, whole, CultureInfo.InvariantCulture, out var l) ? l : null,
            _ when type == typeof(double) => double.TryParse(node.Text, real, CultureInfo.InvariantCulture, out var d) && double.IsFinite(d) ? d : null,
            _ when type == typeof(Rational) => Rational.TryParse(node.Text, out var r) && Int128.Abs(r.Numerator) <= LargestTerm && r.Denominator <= LargestTerm ? r : null,
            _ => throw new NotSupportedException($"Options of type {type} are not supported; see docs/recipes.md for those that are."),
        };
    }

    /// <summary>What a type accepts, for messages.</summary>
    public static string Expected(Type type) => type switch
    {
        _ when type == typeof(string) => "a text",
        _ when type.IsEnum => $"one of {string.Join(", ", EnumNames(type))}",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) => "a whole number",
        _ when type == typeof(long) => "a whole number",
        _ when type == typeof(double) => "a number",
        _ when type == typeof(Rational) => "a number or a fraction such as 30000/1001, of at most nine digits each",
        _ => type.Name,
    };

    /// <summary>The values of an enum as recipes write them.</summary>
    public static IEnumerable<string> EnumNames(Type type) => Enum.GetValues(type).Cast<Enum>().Select(EnumName);

    /// <summary>The text that reads back as the same value.</summary>
    public static string Format(object value) => value switch
    {
        string s => s,
        bool b => b ? "true" : "false",
        double d => Format(d),
        Rational r => Format(r),
        Enum e => EnumName(e),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    /// <summary>1.28 and not 32/25, where a few decimal places are exact and <see cref="Rational.TryParse"/> takes a number of that size.</summary>
    private static string Format(Rational value)
    {
        var number = (decimal)value.Numerator / value.Denominator;
        return 1_000_000 % value.Denominator == 0 && Math.Abs(number) <= 1_000_000
            ? number.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{value.Numerator}/{value.Denominator}");
    }

    /// <summary>snake_case, unless <see cref="JsonStringEnumMemberNameAttribute"/> gives the name.</summary>
    private static string EnumName(Enum value) =>
        value.GetType().GetField(value.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? OptionSchema.Snake(value.ToString());

    /// <summary>0.00001 and not 1E-05, where that is exact.</summary>
    private static string Format(double value)
    {
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        if (!shortest.Contains('E', StringComparison.Ordinal) || Math.Abs(value) is < 1e-12 or > 1e15)
        {
            return shortest;
        }

        var plain = ((decimal)value).ToString(CultureInfo.InvariantCulture);
        return double.Parse(plain, CultureInfo.InvariantCulture).Equals(value) ? plain : shortest;
    }
}
