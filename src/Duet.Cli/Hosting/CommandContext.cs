using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Duet.Data;
using Spectre.Console;

namespace Duet.Cli.Hosting;

/// <summary>What a verb's body gets: where to print, what was parsed, when to stop.</summary>
internal sealed class CommandContext
{
    /// <summary>How every JSON result of the command is written: snake_case, enums too, indented, fractions as text.</summary>
    public static JsonSerializerOptions JsonOptions { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for people and files; no part of a web page
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new RationalConverter() },
    };

    private readonly TextWriter result;

    /// <summary>For the host and for tests.</summary>
    internal CommandContext(ParseResult parse, bool json, TextWriter result, IAnsiConsole console, CancellationToken cancellationToken)
    {
        Parse = parse;
        Json = json;
        this.result = result;
        Console = console;
        CancellationToken = cancellationToken;
    }

    /// <summary>The parsed command line; <c>Parse.GetValue(option)</c>.</summary>
    public ParseResult Parse { get; }

    /// <summary>Whether <c>--json</c> was given: then the result goes to <see cref="WriteJson"/>, and tables are not printed.</summary>
    public bool Json { get; }

    /// <summary>Tables and marked-up text. Standard output; standard error under <c>--json</c>. Escape what is not yours (<see cref="Markup.Escape"/>).</summary>
    public IAnsiConsole Console { get; }

    /// <summary>Cancelled by the first Ctrl-C or SIGTERM.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>Whether a person watches: a live line may be drawn.</summary>
    public bool IsTerminal => Console.Profile.Out.IsTerminal;

    /// <summary>Prints one plain line, never wrapped and never read as markup, where messages go.</summary>
    public void Line(string text = "") => Console.Profile.Out.Writer.WriteLine(text);

    /// <summary>Writes the verb's result to standard output as JSON; call it once, and only where <see cref="Json"/> is set.</summary>
    public void WriteJson<T>(T value) => result.WriteLine(JsonSerializer.Serialize(value, JsonOptions));

    private sealed class RationalConverter : JsonConverter<Rational>
    {
        public override Rational Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
            return Rational.TryParse(text, out var value) ? value : throw new JsonException($"'{text}' is no fraction.");
        }

        public override void Write(Utf8JsonWriter writer, Rational value, JsonSerializerOptions options)
        {
            if (value.Denominator == 1)
            {
                writer.WriteNumberValue(value.Numerator);
            }
            else
            {
                writer.WriteStringValue(value.ToString());
            }
        }
    }
}
