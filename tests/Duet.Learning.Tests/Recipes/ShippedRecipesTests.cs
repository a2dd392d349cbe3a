using System.Text.RegularExpressions;
using Duet.Learning.Recipes;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Recipes;

public sealed partial class ShippedRecipesTests
{
    internal static readonly RecipeCatalog Shipped = new(Path.Combine(RepositoryRoot(), "recipes"));

    public static TheoryData<string> Names => [.. Shipped.Entries.Where(e => e.Group != "eval").Select(e => e.Name)];

    [Fact]
    public void The_recipes_that_the_documentation_names_ship() =>
        new[]
        {
            "avts_mc3_18_25x112", "avts_mc3_18_8x112", "avts_mc3_18_audioset_25x224", "avts_mc3_18_kinetics_25x224", "avts_mc3_18_kinetics_25x224_cross_entropy",
            "avts_mc3_18_kinetics_25x224_single_easy", "avts_mc3_18_kinetics_25x224_single_hard", "avts_mc3_18_kinetics_25x224_single_mix", "avts_r2plus1d_18_8x112",
            "avts_small_cpu", "avts_demo",
        }.ShouldBeSubsetOf(Shipped.Entries.Select(e => e.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_valid_and_named_as_its_file(string name)
    {
        var path = Shipped.Resolve(name);
        var recipe = RecipeFile.Load(path);

        recipe.Name.ShouldBe(name);
        name.ShouldStartWith(recipe.MethodName() + "_");
        RecipeFile.Parse(RecipeFile.ToYaml(recipe), "resolved.yaml").ShouldBe(recipe);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Says_what_it_is_what_to_get_how_to_run_it_and_where_its_values_come_from(string name)
    {
        var text = File.ReadAllText(Shipped.Resolve(name));
        var header = text[..text.IndexOf("\n\nname:", StringComparison.Ordinal)];

        header.Split('\n').ShouldAllBe(line => line.StartsWith('#'));
        header.ShouldContain("# Get first:");
        header.ShouldContain($"./duet pretrain {name} --store ");
        header.ShouldContain("# Override any value:");
        header.ShouldContain(RecipeFile.Load(Shipped.Resolve(name)).Method == RecipeMethod.Avts ? "arXiv 1807.00230" : "arXiv 1911.12667");

        // The header's own examples of --set must work too.
        var settings = Setting().Matches(header).Select(m => m.Groups["setting"].Value).ToList();
        settings.Count.ShouldBeGreaterThanOrEqualTo(2);
        RecipeFile.Load(Shipped.Resolve(name), settings).Training.Batch.ToString().ShouldBe(settings.Single(s => s.StartsWith("training.batch=", StringComparison.Ordinal)).Split('=')[1]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Has_all_sections_in_the_common_order(string name)
    {
        var written = Section().Matches(File.ReadAllText(Shipped.Resolve(name))).Select(m => m.Groups["key"].Value);

        string[] others = RecipeFile.Load(Shipped.Resolve(name)).Method == RecipeMethod.Avts ? ["clustering"] : ["pairs", "head", "avts"];
        written.ShouldBe(OptionSchema.Fields(typeof(Recipe)).Select(f => f.Key).Except(others));
    }

    [Theory]
    [InlineData("single_easy", "avts.curriculum")]
    [InlineData("single_mix", "avts.curriculum")]
    [InlineData("single_hard", "avts.curriculum")]
    [InlineData("cross_entropy", "avts.loss")]
    public void A_control_differs_in_what_it_controls_alone(string control, string key)
    {
        var reference = RecipeFile.Load(Shipped.Resolve("avts_mc3_18_kinetics_25x224"));
        var recipe = RecipeFile.Load(Shipped.Resolve("avts_mc3_18_kinetics_25x224_" + control));

        recipe.Epochs().ShouldBe(reference.Epochs());
        RecipeFile.Differences(reference, recipe).ShouldAllBe(d => d.Key == "name" || d.Key.StartsWith(key));
    }

    [Fact]
    public void The_two_large_data_sets_have_the_papers_sizes()
    {
        foreach (var name in new[] { "avts_mc3_18_kinetics_25x224", "avts_mc3_18_audioset_25x224" })
        {
            var recipe = RecipeFile.Load(Shipped.Resolve(name));
            (recipe.Clip.Frames, recipe.Clip.Size, recipe.Video.Name, recipe.Video.Width, recipe.Audio.Name).ShouldBe((25, 224, "mc3_18", 1.0, "vgg_m"));
            recipe.Avts.Curriculum.ShouldBe([new() { Epochs = 50, Easy = 1 }, new() { Epochs = 40, Easy = 0.75, Hard = 0.25 }]);
            recipe.Avts.Margin.ShouldBe(0.99);
        }
    }

    /// <summary>The paper's table 8, a row per data set: es, we/se/te, early stop; and for the 32-frame models a batch of 8 at a quarter of the rate.</summary>
    [Theory]
    [InlineData("kinetics_8x224", 1_000_000, 32, 0.01, 10, 10, 30, 3)]
    [InlineData("audioset_8x224", 2_000_000, 32, 0.01, 10, 10, 45, 3)]
    [InlineData("65m_8x224", 10_000_000, 32, 0.01, 1, 3, 10, 0)]
    [InlineData("kinetics_32x224_last", 1_000_000, 8, 0.0025, 10, 10, 30, 3)]
    [InlineData("audioset_32x224_last", 2_000_000, 8, 0.0025, 10, 10, 45, 3)]
    [InlineData("65m_32x224_last", 10_000_000, 8, 0.0025, 0, 9, 30, 0)]
    public void Clustering_on_the_large_data_sets_has_the_papers_settings(string data, int epochSize, int batch, double rate, double warmup, int step, int epochs, int patience)
    {
        string[] methods = data.EndsWith("_last", StringComparison.Ordinal) ? ["xdc"] : ["sdc", "mdc", "cdc", "xdc"];
        var reference = RecipeFile.Load(Shipped.Resolve($"xdc_r2plus1d_18_{data}"));
        foreach (var method in methods)
        {
            var recipe = RecipeFile.Load(Shipped.Resolve($"{method}_r2plus1d_18_{data}"));
            (recipe.Training.EpochSize, recipe.Training.Batch, recipe.Training.LearningRate.Base, recipe.Training.LearningRate.WarmupEpochs).ShouldBe((epochSize, batch, rate, warmup));
            (recipe.Training.LearningRate.StepEpochs, recipe.Clustering.EpochsPerIteration, recipe.Clustering.Patience, recipe.Training.LearningRate.Gamma).ShouldBe((step, epochs, patience, 0.01));
            (recipe.Training.Optimiser.WeightDecay, recipe.Video.Name, recipe.Audio.Name, recipe.Clip.Frames).ShouldBe((1e-4, "r2plus1d_18", "resnet18_audio", batch == 32 ? 8 : 32));
            recipe.Spectrogram.FrameCount((int)(recipe.Clip.AudioSeconds * recipe.Spectrogram.SampleRate).Round()).ShouldBe(100);
            RecipeFile.Differences(reference, recipe).ShouldAllBe(d => d.Key == "name" || d.Key == "method");
        }
    }

    private static string RepositoryRoot()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Duet.slnx")))
        {
            at = at.Parent;
        }

        return at?.FullName ?? throw new InvalidOperationException("The tests run outside the repository.");
    }

    [GeneratedRegex("--set '?(?<setting>[^ ']+)'?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Setting();

    [GeneratedRegex("^(?<key>[a-z_]+):", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Section();
}
