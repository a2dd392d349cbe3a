using System.Text.Json;
using Duet.Cli.Tests.Support;
using Duet.Learning.Recipes;
using Shouldly;
using Xunit;

namespace Duet.Cli.Tests.EndToEnd;

public sealed class RecipesTests
{
    [Fact]
    public void Lists_every_recipe_that_ships()
    {
        var result = DuetProcess.Run("recipes", "list");

        result.ExitCode.ShouldBe(0);
        result.Error.ShouldBeEmpty();
        var names = result.Output.TrimEnd().Split('\n').Skip(1).Select(line => line.Split(' ')[0]);
        names.ShouldBe(RecipeCatalog.Shipped.Entries.Select(e => e.Name));
    }

    [Fact]
    public void Lists_as_json_and_nothing_else()
    {
        var result = DuetProcess.Run("recipes", "list", "--json");

        result.Error.ShouldBeEmpty();
        using var json = JsonDocument.Parse(result.Output);
        json.RootElement.GetProperty("format").GetString().ShouldBe("duet.recipes/1");
        var recipe = json.RootElement.GetProperty("recipes").EnumerateArray().Single(r => r.GetProperty("name").GetString() == "avts_mc3_18_kinetics_25x224");
        recipe.GetProperty("method").GetString().ShouldBe("avts");
        recipe.GetProperty("video").GetString().ShouldBe("mc3_18");
        recipe.GetProperty("frames").GetInt32().ShouldBe(25);
        recipe.GetProperty("epochs").GetInt32().ShouldBe(90);
    }

    [Fact]
    public void What_show_prints_is_a_recipe_that_checks()
    {
        var folder = Directory.CreateTempSubdirectory("duet-show-").FullName;
        try
        {
            var shown = DuetProcess.Run("recipes", "show", "avts_small_cpu", "--set", "training.batch=9", "--set", "avts.curriculum[1].epochs=3");
            shown.ExitCode.ShouldBe(0);
            File.WriteAllText(Path.Combine(folder, "resolved.yaml"), shown.Output);

            var recipe = RecipeFile.Parse(shown.Output, "resolved.yaml");
            (recipe.Training.Batch, recipe.Avts.Curriculum[1].Epochs).ShouldBe((9, 3));

            var check = DuetProcess.RunIn(folder, null, "recipes", "check", "resolved.yaml", "--json");
            check.ExitCode.ShouldBe(0);
            using var json = JsonDocument.Parse(check.Output);
            json.RootElement.GetProperty("fingerprint").GetString().ShouldBe(RecipeFile.Fingerprint(recipe));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Errors_leave_standard_output_empty_under_json_too()
    {
        var result = DuetProcess.Run("recipes", "show", "nothing_like_it", "--json");

        result.ExitCode.ShouldBe(2);
        result.Output.ShouldBeEmpty();
        result.Error.ShouldStartWith("error: ");
    }
}
