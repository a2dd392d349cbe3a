using System.Text.RegularExpressions;
using Duet.Data;
using Duet.Learning.Evaluation;
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

    /// <summary>What the papers say of their linear protocols (PAPERS 1.7, 2.4) and AVID-CMA's code does (3).</summary>
    [Theory]
    [InlineData("probe_esc50", "esc50", 10, FeaturePooling.Flatten, SvmLoss.SquaredHinge, 0, 1000)]
    [InlineData("probe_dcase2014", "dcase2014", 60, FeaturePooling.Flatten, SvmLoss.SquaredHinge, 0, 1000)]
    [InlineData("probe_esc50_avid", "esc50", 10, FeaturePooling.Grid, SvmLoss.Hinge, 10, 200)]
    [InlineData("probe_dcase2014_avid", "dcase2014", 60, FeaturePooling.Grid, SvmLoss.Hinge, 1, 200)]
    [InlineData("probe_esc10", "esc10", 10, FeaturePooling.Average, SvmLoss.SquaredHinge, 0, 1000)]
    public void Sound_is_probed_as_the_papers_have_it(string name, string dataset, int clips, FeaturePooling pooling, SvmLoss loss, double c, int iterations)
    {
        var recipe = RecipeFile.LoadEvaluation(Shipped.Resolve(name));
        (recipe.Dataset, recipe.Clip!.AudioSeconds, recipe.Probe.Layer, recipe.Probe.Modality).ShouldBe((dataset, new Rational(2), "conv5", ProbeModality.Audio));
        (recipe.Probe.ClipsPerVideo, recipe.Probe.Pooling, recipe.Probe.Loss, recipe.Probe.MaxIterations).ShouldBe((clips, pooling, loss, iterations));
        (recipe.Probe.Average, recipe.Probe.Normalisation, recipe.Probe.VideosPerClass).ShouldBe((ClipAverage.Scores, FeatureNormalisation.Standardise, 0));
        recipe.Probe.C.ShouldBe(c > 0 ? [c] : [0.001, 0.01, 0.1, 1, 10], "a value that a source gives, else a choice on training folds");
        // Without a run: the paper's network on the paper's 100 frames of 40 bands.
        (recipe.Audio!.Name, recipe.Audio.Width, recipe.Spectrogram!.MelBins).ShouldBe(("resnet18_audio", 1.0, 40));
        recipe.Spectrogram.FrameCount((int)(recipe.Clip.AudioSeconds * recipe.Spectrogram.SampleRate).Round()).ShouldBe(100);
    }

    [Fact]
    public void Both_senses_are_concatenated()
    {
        var recipe = RecipeFile.LoadEvaluation(Shipped.Resolve("probe_kinetics_multisensory"));
        (recipe.Probe.Modality, recipe.Probe.Normalisation, recipe.Clip).ShouldBe((ProbeModality.Both, FeatureNormalisation.L2, null));
    }

    [GeneratedRegex("--set '?(?<setting>[^ ']+)'?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Setting();
}
