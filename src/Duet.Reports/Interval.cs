using System.Text.Json;
using System.Text.Json.Serialization;

namespace Duet.Reports;

/// <summary>A 95 % confidence interval. In files it is <c>[low, high]</c>; one that has a null or non-finite end is no interval.</summary>
[JsonConverter(typeof(Converter))]
internal sealed record Interval(double Low, double High)
{
    private sealed class Converter : JsonConverter<Interval?>
    {
        public override Interval? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var ends = JsonSerializer.Deserialize<double?[]>(ref reader, options);
            return ends switch
            {
                null or [null, _] or [_, null] => null,
                [{ } low, { } high] when double.IsFinite(low) && double.IsFinite(high) => low <= high
                    ? new Interval(low, high)
                    : throw new JsonException($"An interval's low end {low} lies above its high end {high}."),
                [{ }, { }] => null,
                _ => throw new JsonException($"An interval has two ends, not {ends.Length}."),
            };
        }

        public override void Write(Utf8JsonWriter writer, Interval? value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize<double[]?>(writer, value is null ? null : [value.Low, value.High], options);
    }
}
