using System.Text.RegularExpressions;
using Duet.Learning.Recipes;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Recipes;

/// <summary>The recipes to evaluate by: each is valid, says what it is, and holds to the papers.</summary>
public sealed partial class ShippedProtocolsTests
{
    private static readonly RecipeCatalog Shipped = ShippedRecipesTests.Shipped;

    public static TheoryData<string> Names => [.. Shipped.Entries.Where(e => e.Group == "eval").Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_valid_and_named_as_its_file(string name)
    {
        var recipe = RecipeFile.LoadEvaluation(Shipped.Resolve(name));

        recipe.Name.ShouldBe(name);
        name.ShouldStartWith($"{recipe.ProtocolName()}_{recipe.Dataset}");
        RecipeFile.ParseEvaluation(RecipeFile.ToYaml(recipe), "resolved.yaml").ShouldBe(recipe);
        RecipeFile.LoadAny(Shipped.Resolve(name)).ShouldBe(recipe);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Says_what_it_is_what_to_get_how_to_run_it_and_where_its_values_come_from(string name)
    {
        var text = File.ReadAllText(Shipped.Resolve(name));
        var header = text[..text.IndexOf("\n\nname:", StringComparison.Ordinal)];
        var recipe = RecipeFile.LoadEvaluation(Shipped.Resolve(name));

        header.Split('\n').ShouldAllBe(line => line.StartsWith('#'));
        header.ShouldContain("# Get first:");
        header.ShouldContain($"./duet eval {recipe.ProtocolName()} ");
        header.ShouldContain($"--protocol {name}");
        header.ShouldContain($"./duet recipes show {name}");
        header.ShouldContain("# Where the values come from");
        header.ShouldContain("arXiv ");

        // The header's own examples of --set must work too.
        var settings = Setting().Matches(header).Select(m => m.Groups["setting"].Value).ToList();
        settings.Count.ShouldBeGreaterThanOrEqualTo(2);
        RecipeFile.LoadEvaluation(Shipped.Resolve(name), settings).ShouldNotBe(recipe);
    }

    [GeneratedRegex("--set '?(?<setting>[^ ']+)'?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Setting();
}
