using System.CommandLine;
using Duet.Cli.Hosting;
using Duet.Data.Clips;
using Duet.Learning.Models;
using Duet.Learning.Recipes;
using Spectre.Console;

namespace Duet.Cli.Verbs;

/// <summary><c>duet recipes list|show|check</c>.</summary>
internal static class RecipesVerb
{
    public static Command Create()
    {
        var group = new Verb("recipes", "Lists the recipes that ship, shows one with every default filled in, checks one.")
        {
            Examples = [new("duet recipes list", "what there is"), new("duet recipes show avts_small_cpu", "everything that a run can change")],
        };
        group.Subcommands.Add(List());
        group.Subcommands.Add(Show());
        group.Subcommands.Add(Check());
        return group;
    }

    private static Verb List()
    {
        var verb = new Verb("list", "Lists the recipes that ship.")
        {
            Examples = [new("duet recipes list", "names, methods, networks, clips, epochs"), new("duet recipes list --json", "the same for programs")],
        };
        verb.Run(context =>
        {
            var recipes = RecipeCatalog.Shipped.Entries.Select(e => (Entry: e, Recipe: RecipeFile.LoadAny(e.Path))).ToList();
            if (context.Json)
            {
                context.WriteJson(new
                {
                    Format = "duet.recipes/1",
                    Recipes = recipes.Where(r => r.Recipe is Recipe).Select(r => Facts(r.Entry, (Recipe)r.Recipe)),
                    Protocols = recipes.Where(r => r.Recipe is EvaluationRecipe).Select(r => Facts(r.Entry, (EvaluationRecipe)r.Recipe)),
                });
                return Task.FromResult(ExitCodes.Done);
            }

            var table = new Table().Border(TableBorder.None);
            foreach (var column in new[] { "name", "method", "networks", "clip", "epochs" })
            {
                table.AddColumn(new TableColumn(column) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
            }

            foreach (var (_, recipe) in recipes)
            {
                table.AddRow(recipe is EvaluationRecipe protocol ? Row(protocol) : Row((Recipe)recipe));
            }

            context.Console.Write(table);
            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }

    private static object Facts(RecipeEntry entry, Recipe recipe) => new
    {
        recipe.Name,
        entry.Group,
        entry.Path,
        recipe.Method,
        Video = recipe.Video.Name,
        VideoWidth = recipe.Video.Width,
        Audio = recipe.Audio.Name,
        AudioWidth = recipe.Audio.Width,
        recipe.Clip.Frames,
        recipe.Clip.FrameRate,
        recipe.Clip.Size,
        Epochs = recipe.Epochs(),
    };

    private static object Facts(RecipeEntry entry, EvaluationRecipe recipe) => new { recipe.Name, entry.Group, entry.Path, recipe.Protocol, recipe.Dataset };

    private static string[] Row(Recipe recipe) =>
    [
        recipe.Name,
        recipe.MethodName(),
        $"{Network(recipe.Video)} + {Network(recipe.Audio)}",
        Clip(recipe.Clip),
        recipe.Method == RecipeMethod.Avts
            ? string.Join(" + ", recipe.Avts.Curriculum.Select(s => s.Epochs))
            : $"{recipe.Clustering.Iterations} x {recipe.Clustering.EpochsPerIteration}",
    ];

    private static string[] Row(EvaluationRecipe recipe) =>
    [
        recipe.Name,
        recipe.ProtocolName(),
        recipe.Video is null && recipe.Audio is null ? "the run's" : string.Join(" + ", new[] { recipe.Video, recipe.Audio }.OfType<EncoderOptions>().Select(Network)),
        recipe.Clip is { } clip ? Clip(clip) : "the run's",
        "",
    ];

    private static string Clip(ClipOptions clip) => $"{clip.Frames}x{clip.Size}x{clip.Size} at {clip.FrameRate.ToDouble():0.##} fps";

    private static Verb Show()
    {
        var (recipe, set) = (RecipeArguments.Recipe(), RecipeArguments.Set());
        var verb = new Verb("show", "Prints a recipe with every default filled in, as a run records it.")
        {
            Examples =
            [
                new("duet recipes show avts_small_cpu", "one that ships"),
                new("duet recipes show mine.yaml --set training.batch=8 > resolved.yaml", "a file, with one value overridden"),
            ],
        };
        verb.Arguments.Add(recipe);
        verb.Options.Add(set);
        verb.Run(context =>
        {
            var resolved = RecipeArguments.LoadAny(context.Parse, recipe, set);
            var yaml = RecipeFile.ToYaml(resolved);
            if (context.Json)
            {
                context.WriteJson(new { Format = "duet.recipe/1", resolved.Name, Fingerprint = RecipeFile.Fingerprint(resolved), Yaml = yaml });
            }
            else
            {
                context.Line(yaml.TrimEnd('\n'));
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }

    private static Verb Check()
    {
        var (recipe, set) = (RecipeArguments.Recipe(), RecipeArguments.Set());
        var verb = new Verb("check", "Checks a recipe without touching any data: keys, types, ranges, combinations.")
        {
            Examples =
            [
                new("duet recipes check mine.yaml", "says every error with its line"),
                new("duet recipes check avts_small_cpu --set clip.frames=8", "would this override do?"),
            ],
        };
        verb.Arguments.Add(recipe);
        verb.Options.Add(set);
        verb.Run(context =>
        {
            var resolved = RecipeArguments.LoadAny(context.Parse, recipe, set);
            if (context.Json)
            {
                context.WriteJson(new { Format = "duet.recipe_check/1", resolved.Name, Valid = true, Fingerprint = RecipeFile.Fingerprint(resolved) });
            }
            else
            {
                context.Line($"{resolved.Name}: good");
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }

    private static string Network(EncoderOptions options) => options.Width.Equals(1.0) ? options.Name : $"{options.Name} x {options.Width}";
}
