using Duet.Data;
using Duet.Learning.Audio;
using Duet.Learning.Models;

namespace Duet.Learning.Recipes;

/// <summary>Constraints that both kinds of recipe have.</summary>
internal static class RecipeRules
{
    private const int LongestName = 100;

    /// <summary>Small letters, digits and underscores.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= LongestName && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');

    /// <summary>What is wrong with a recipe's name.</summary>
    public static IEnumerable<ValidationError> Name(string name)
    {
        if (!IsName(name))
        {
            yield return new(nameof(IRecipe.Name), $"must be 1 to {LongestName} small letters, digits and underscores");
        }
    }

    /// <summary>What is wrong with a network in this place; a name that no network has is the section's own error.</summary>
    /// <param name="section">The property.</param>
    /// <param name="name">The network.</param>
    /// <param name="wanted">What it must take.</param>
    public static IEnumerable<ValidationError> Network(string section, string name, Modality wanted)
    {
        if (EncoderRegistry.Find(name) is { } entry && entry.Modality != wanted)
        {
            var names = EncoderRegistry.Entries.Where(e => e.Modality == wanted).Select(e => e.Name);
            yield return new($"{section}.{nameof(EncoderOptions.Name)}", $"'{name}' is no network for {wanted.ToString().ToLowerInvariant()}; those are {string.Join(", ", names)}");
        }
    }

    /// <summary>Whether a stretch of sound is long enough for one spectrogram frame.</summary>
    /// <param name="spectrogram">The spectrogram.</param>
    /// <param name="samples">Its samples.</param>
    public static bool HasFrames(LogMelOptions spectrogram, int samples)
    {
        try
        {
            return spectrogram.FrameCount(samples) > 0;
        }
        catch (ArgumentOutOfRangeException)
        {
            return false;
        }
    }
}
