using System.CommandLine;
using Duet.Data;
using Duet.Learning.Recipes;

namespace Duet.Cli.Hosting;

/// <summary><c>--protocol</c> and <c>--set</c>, the same for every verb that evaluates by a recipe.</summary>
internal static class ProtocolArguments
{
    /// <summary><c>--protocol NAME|FILE</c>.</summary>
    public static Option<string?> Protocol() => new("--protocol")
    {
        Description = "A recipe file to evaluate by, or the name of one that ships (see 'duet recipes list'); options given here win over it.",
        HelpName = "NAME|FILE",
    };

    /// <summary><c>--set a.b=c</c>, any number of times.</summary>
    public static Option<string[]> Set()
    {
        var set = RecipeArguments.Set();
        set.Description = "Override one value of the protocol, such as clip.frames=32; may be given several times.";
        return set;
    }

    /// <summary>Reads the protocol that the command line means; the default one where none is named.</summary>
    /// <exception cref="UsageException">There is no such recipe, something in it is wrong, or it is for another verb.</exception>
    public static EvaluationRecipe Load(ParseResult parse, Option<string?> protocol, Option<string[]> set, EvaluationProtocol wanted)
    {
        var overrides = parse.GetValue(set) ?? [];
        var recipe = parse.GetValue(protocol) is { } given
            ? RecipeFile.LoadEvaluation(RecipeCatalog.Shipped.Resolve(given), overrides)
            : RecipeFile.ParseEvaluation($"name: {EvaluationRecipe.DefaultName}\nprotocol: {new EvaluationRecipe { Protocol = wanted }.ProtocolName()}", "the default protocol", overrides);
        return recipe.Protocol == wanted
            ? recipe
            : throw new UsageException($"The protocol '{recipe.Name}' is one of {recipe.ProtocolName()}: run it with 'duet eval {recipe.ProtocolName()} ... --protocol {recipe.Name}'.");
    }

    /// <summary>An option's value where it was given on the command line, else what the protocol says.</summary>
    public static T Or<T>(this ParseResult parse, Option<T> option, T otherwise) => parse.GetResult(option) is { Implicit: false } ? parse.GetValue(option)! : otherwise;
}
