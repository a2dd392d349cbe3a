using System.CommandLine;
using System.Text.Json;

namespace Duet.Cli.Hosting;

/// <summary>Options whose value is one of a few names, written in snake_case as recipes write them.</summary>
internal static class NamedValue
{
    /// <summary>An option; its help lists the names.</summary>
    public static Option<T> Option<T>(string name, string description)
        where T : struct, Enum
    {
        var names = Enum.GetValues<T>().ToDictionary(v => JsonNamingPolicy.SnakeCaseLower.ConvertName(v.ToString()), v => v, StringComparer.Ordinal);
        return new Option<T>(name)
        {
            Description = description,
            HelpName = string.Join('|', names.Keys),
            CustomParser = result =>
            {
                var given = result.Tokens.Count > 0 ? result.Tokens[^1].Value : "";
                if (!names.TryGetValue(given, out var value))
                {
                    result.AddError($"{name} {given}: it must be one of {string.Join(", ", names.Keys)}.");
                }

                return value;
            },
        };
    }
}
