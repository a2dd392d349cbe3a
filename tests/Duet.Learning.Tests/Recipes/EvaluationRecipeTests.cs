using Duet.Data;
using Duet.Learning.Recipes;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Recipes;

public sealed class EvaluationRecipeTests
{
    private const string Text = """
        name: probe_mine
        protocol: probe
        dataset: own
        clip: { frames: 4, audio_seconds: 1 }
        probe:
          clips_per_video: 3
          c: [0.1, 1]
        """;

    [Fact]
    public void Absent_sections_are_the_runs_own()
    {
        var recipe = RecipeFile.ParseEvaluation("name: a\nprotocol: probe", "e.yaml");
        (recipe.Clip, recipe.Spectrogram, recipe.Video, recipe.Audio).ShouldBe((null, null, null, null));
        RecipeFile.Fingerprint(recipe).ShouldBe(RecipeFile.Fingerprint(new EvaluationRecipe { Name = "a" }));
    }

    [Fact]
    public void What_is_written_is_read_and_written_again()
    {
        var recipe = RecipeFile.ParseEvaluation(Text, "e.yaml", ["audio.name=resnet18_audio", "probe.c=[2]", "clip.frames=6", "seed=5"]);
        (recipe.Clip!.Frames, recipe.Clip.AudioSeconds, recipe.Audio!.Name, recipe.Seed).ShouldBe((6, new Rational(1, 1), "resnet18_audio", 5));
        recipe.Probe.C.ShouldBe([2.0]);
        RecipeFile.ParseEvaluation(RecipeFile.ToYaml(recipe), "again.yaml").ShouldBe(recipe);
        RecipeFile.Fingerprint(recipe).ShouldNotBe(RecipeFile.Fingerprint(RecipeFile.ParseEvaluation(Text, "e.yaml")));
        RecipeFile.Differences(RecipeFile.ParseEvaluation(Text, "e.yaml"), recipe).Select(d => d.ToString())
            .ShouldBe(["seed: 0 -> 5", "clip.frames: 4 -> 6", "audio: null -> (none)", "probe.c: [0.1, 1] -> [2]", "audio.name: (none) -> resnet18_audio", "audio.width: (none) -> 1", "audio.stages: (none) -> 0"]);
    }

    [Theory]
    [InlineData("name: a\nprotocol: prove", "e.yaml:2: protocol: expected one of probe")]
    [InlineData("name: a\nprotocol: probe\nprobe:\n  layers: conv5", "e.yaml:4: probe: unknown key 'layers'; did you mean 'layer'?")]
    [InlineData("name: A\nprotocol: probe", "e.yaml:1: name: must be 1 to 100 small letters")]
    [InlineData("name: a\nprotocol: probe\ndataset: ESC 50", "e.yaml:3: dataset: must be small letters")]
    [InlineData("name: a\nprotocol: probe\naudio: { name: mc3_18 }", "e.yaml:3: audio.name: 'mc3_18' is no network for audio")]
    [InlineData("name: a\nprotocol: probe\nprobe:\n  c: [0]", "e.yaml:4: probe.c: must be one or more numbers above 0")]
    [InlineData("name: a\nmethod: avts", "e.yaml:1: protocol: is missing, so this is no recipe to evaluate by")]
    public void Says_what_is_wrong_and_where(string text, string message) =>
        Should.Throw<RecipeException>(() => RecipeFile.ParseEvaluation(text, "e.yaml")).Message.ShouldStartWith(message);

    [Fact]
    public void Nothing_is_pretrained_by_it() =>
        Should.Throw<RecipeException>(() => RecipeFile.Parse(Text, "e.yaml")).Message.ShouldStartWith("e.yaml:2: protocol: this recipe says how to evaluate");
}
