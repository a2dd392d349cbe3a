using System.CommandLine;
using Duet.Learning.Recipes;

namespace Duet.Cli.Hosting;

/// <summary>The <c>RECIPE</c> argument and <c>--set</c>, the same for every verb that has them.</summary>
internal static class RecipeArguments
{
    /// <summary><c>RECIPE</c>.</summary>
    public static Argument<string> Recipe() => new("RECIPE")
    {
        Description = "A recipe file, or the name of a recipe that ships (see 'duet recipes list').",
    };

    /// <summary><c>--set a.b=c</c>, any number of times.</summary>
    public static Option<string[]> Set() => new("--set")
    {
        Description = "Override one value of the recipe, such as training.batch=8; may be given several times.",
        HelpName = "KEY=VALUE",
        DefaultValueFactory = _ => [],
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>As <see cref="Load"/>, of either kind.</summary>
    /// <exception cref="Duet.Data.UsageException">There is no such recipe, or something in it is wrong.</exception>
    public static IRecipe LoadAny(ParseResult parse, Argument<string> recipe, Option<string[]> set) =>
        RecipeFile.LoadAny(RecipeCatalog.Shipped.Resolve(parse.GetRequiredValue(recipe)), parse.GetValue(set) ?? []);

    /// <summary>Reads the recipe to pretrain by that the command line means.</summary>
    /// <exception cref="Duet.Data.UsageException">There is no such recipe, or something in it is wrong.</exception>
    public static Recipe Load(ParseResult parse, Argument<string> recipe, Option<string[]> set) =>
        RecipeFile.Load(RecipeCatalog.Shipped.Resolve(parse.GetRequiredValue(recipe)), parse.GetValue(set) ?? []);
}
