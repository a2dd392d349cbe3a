using Duet.Data;

namespace Duet.Learning.Recipes;

/// <summary>One thing that is wrong in a recipe.</summary>
/// <param name="Location">Where: <c>file.yaml:12</c>, or the <c>--set</c> that caused it.</param>
/// <param name="Key">The dotted key, such as <c>training.batch</c>; empty where the file as a whole is meant.</param>
/// <param name="Message">What is wrong and what would be right.</param>
public sealed record RecipeError(string Location, string Key, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Key.Length == 0 ? $"{Location}: {Message}" : $"{Location}: {Key}: {Message}";
}

/// <summary>A recipe that can't be read. Its message holds one line per error.</summary>
/// <param name="errors">At least one.</param>
public sealed class RecipeException(IReadOnlyList<RecipeError> errors)
    : UsageException(string.Join('\n', errors.Select(e => e.ToString())))
{
    /// <summary>One error.</summary>
    /// <param name="location">Where.</param>
    /// <param name="key">The dotted key, or empty.</param>
    /// <param name="message">What is wrong and what would be right.</param>
    public RecipeException(string location, string key, string message)
        : this([new RecipeError(location, key, message)])
    {
    }

    /// <summary>Everything that is wrong.</summary>
    public IReadOnlyList<RecipeError> Errors { get; } = errors;
}
