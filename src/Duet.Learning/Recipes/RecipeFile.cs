using System.Security.Cryptography;
using System.Text;
using Duet.Data.Files;
using Duet.Data;

namespace Duet.Learning.Recipes;

/// <summary>A value that two recipes don't share.</summary>
/// <param name="Key">The dotted key.</param>
/// <param name="Before">Its value in the first recipe; null where it has none.</param>
/// <param name="After">Its value in the second recipe; null where it has none.</param>
public sealed record RecipeDifference(string Key, string? Before, string? After)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Key}: {Before ?? "(none)"} -> {After ?? "(none)"}";
}

/// <summary>Reads, writes and compares recipes.</summary>
public static class RecipeFile
{
    private const string ProtocolKey = "protocol";
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a recipe to pretrain by, puts the overrides over it, and checks everything.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overrides">What <c>--set</c> gave, each as <c>a.b=c</c>, in order.</param>
    /// <exception cref="RecipeException">Something is wrong; all of it is listed.</exception>
    /// <exception cref="UsageException">The file can't be read.</exception>
    public static Recipe Load(string path, IReadOnlyList<string>? overrides = null) => Parse(ReadText(path), path, overrides);

    /// <summary>As <see cref="Load"/>, of a recipe to evaluate by.</summary>
    /// <inheritdoc cref="Load"/>
    public static EvaluationRecipe LoadEvaluation(string path, IReadOnlyList<string>? overrides = null) => ParseEvaluation(ReadText(path), path, overrides);

    /// <summary>As <see cref="Load"/>, of either kind.</summary>
    /// <inheritdoc cref="Load"/>
    public static IRecipe LoadAny(string path, IReadOnlyList<string>? overrides = null)
    {
        var text = ReadText(path);
        return IsEvaluation(Root(text, path)) ? ParseEvaluation(text, path, overrides) : Parse(text, path, overrides);
    }

    /// <summary>As <see cref="Load"/>, from text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="source">What messages call it.</param>
    /// <param name="overrides">What <c>--set</c> gave.</param>
    /// <exception cref="RecipeException">Something is wrong; all of it is listed.</exception>
    public static Recipe Parse(string text, string source, IReadOnlyList<string>? overrides = null)
    {
        var root = Root(text, source);
        return !IsEvaluation(root)
            ? Bind<Recipe>(root, overrides)
            : throw new RecipeException(root.Find(ProtocolKey)!.Location, ProtocolKey, "this recipe says how to evaluate, and nothing can be pretrained by it: 'duet eval ... --protocol' takes it. 'duet recipes list' names those of pretraining, which have a method.");
    }

    /// <summary>As <see cref="Parse"/>, of a recipe to evaluate by.</summary>
    /// <inheritdoc cref="Parse"/>
    public static EvaluationRecipe ParseEvaluation(string text, string source, IReadOnlyList<string>? overrides = null)
    {
        var root = Root(text, source);
        return IsEvaluation(root)
            ? Bind<EvaluationRecipe>(root, overrides)
            : throw new RecipeException(root.Location, ProtocolKey, "is missing, so this is no recipe to evaluate by; it names the protocol, such as probe.");
    }

    /// <summary>The fully resolved recipe: every option with its value. Reads back as an equal recipe, and equal recipes give equal text.</summary>
    public static string ToYaml(IRecipe recipe) => OptionWriter.ToYaml(recipe);

    /// <summary>Hex SHA-256 over the resolved recipe: equal exactly where every option is.</summary>
    public static string Fingerprint(IRecipe recipe) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ToYaml(recipe))));

    /// <summary>Every value that differs, in the order of the sections.</summary>
    public static IReadOnlyList<RecipeDifference> Differences(IRecipe before, IRecipe after)
    {
        var first = OptionWriter.Flatten(OptionWriter.ToNode(before)).ToList();
        var second = OptionWriter.Flatten(OptionWriter.ToNode(after)).ToDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal);
        var differences = new List<RecipeDifference>();
        foreach (var (key, value) in first)
        {
            if (!second.Remove(key, out var other))
            {
                differences.Add(new(key, value, null));
            }
            else if (!string.Equals(value, other, StringComparison.Ordinal))
            {
                differences.Add(new(key, value, other));
            }
        }

        differences.AddRange(second.Select(e => new RecipeDifference(e.Key, null, e.Value)));
        return differences;
    }

    private static bool IsEvaluation(SectionNode root) => root.Find(ProtocolKey) is not null;

    private static SectionNode Root(string text, string source) => YamlReader.Read(text, line => FormattableString.Invariant($"{source}:{line}")) switch
    {
        SectionNode section => section,
        ScalarNode { IsNull: true } => throw new RecipeException(source, "", "is empty; a recipe has at least a name. See 'duet recipes list'."),
        var other => throw new RecipeException(other.Location, "", $"expected the keys of a recipe, found {other.Describe()}."),
    };

    private static T Bind<T>(SectionNode root, IReadOnlyList<string>? overrides)
        where T : class, new()
    {
        if (overrides is { Count: > 0 })
        {
            // Types first: an override may mend what would not hold without it, so constraints wait until all are in.
            var resolved = OptionWriter.ToNode(OptionBinder.Bind<T>(root, validate: false));
            foreach (var setting in overrides)
            {
                RecipeOverride.Parse(setting).Apply(root, resolved);
            }
        }

        return OptionBinder.Bind<T>(root);
    }

    private static string ReadText(string path)
    {
        try
        {
            using var file = RegularFile.OpenRead(path);
            var bytes = new byte[YamlReader.LongestText + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length == bytes.Length)
            {
                throw new RecipeException(path, "", $"is longer than {YamlReader.LongestText / 1024} kB; that is no recipe.");
            }

            var text = bytes.AsSpan(0, length);
            return StrictUtf8.GetString(text.StartsWith(Encoding.UTF8.Preamble) ? text[3..] : text);
        }
        catch (DecoderFallbackException)
        {
            throw new RecipeException(path, "", "is not UTF-8 text; that is no recipe.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The recipe '{path}' can't be read: {exception.Message}", exception);
        }
    }
}
