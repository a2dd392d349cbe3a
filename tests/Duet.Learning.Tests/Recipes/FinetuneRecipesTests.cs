using Duet.Data.Clips;
using Duet.Learning.Evaluation.Finetuning;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Recipes;

/// <summary>The recipes to finetune by, held to the paper's tables (XDC, arXiv 1911.12667: tables 8, 10, 11 and section 6).</summary>
public sealed class FinetuneRecipesTests
{
    /// <summary>Table 11: full finetuning; fc only also tries the last two.</summary>
    private static readonly double[] Rates = [0.001, 0.002, 0.004, 0.006, 0.008, 0.01];
    private static readonly double[] MoreRates = [.. Rates, 0.02, 0.04];

    public static TheoryData<string, string, int, string> Cells =>
        [.. new[] { "ucf101", "hmdb51" }.SelectMany(data => new[] { 8, 25, 32 }.SelectMany(frames => new[] { "all", "fc", "scratch" }.Select(kind => new TheoryDataRow<string, string, int, string>($"finetune_{data}_{frames}x224_{kind}", data, frames, kind))))];

    /// <summary>Table 10: es 106K and 40K, we/se/te 2/2/8, wd 0.005, gamma 0.01; batches of 32, and of 8 at a quarter of the rates for long clips.</summary>
    [Theory]
    [MemberData(nameof(Cells))]
    public void Action_recognition_has_the_papers_settings(string name, string data, int frames, string kind)
    {
        var recipe = Load(name);
        (recipe.Dataset, recipe.Protocol).ShouldBe((data, EvaluationProtocol.Finetune));
        (recipe.Clip!.Frames, recipe.Clip.Size, recipe.Clip.FrameRate).ShouldBe((frames, 224, frames == 25 ? 25 : 30));
        ShouldHaveTable10(recipe, data == "ucf101" ? 106_000 : 40_000, frames == 8 ? 32 : 8);
        ShouldBeOfKind(recipe, kind, FinetuneModality.Video);
        recipe.Finetune.LearningRates.ShouldBe((kind == "fc" ? MoreRates : Rates).Select(r => frames == 8 ? r : r / 4), tolerance: 1e-12);
        (recipe.Video is not null).ShouldBe(kind == "scratch");
        (recipe.Finetune.TestClips, recipe.Finetune.TestSampling, recipe.Finetune.Average).ShouldBe((10, TestSampling.Uniform, ClipAverage.Probabilities));
        if (kind == "scratch")
        {
            recipe.Video!.ShouldBe(new() { Name = frames == 25 ? "mc3_18" : "r2plus1d_18" });
        }
    }

    [Theory]
    [InlineData("all")]
    [InlineData("fc")]
    [InlineData("scratch")]
    public void Esc50_has_the_papers_settings(string kind)
    {
        var recipe = Load($"finetune_esc50_{kind}");
        recipe.Clip!.AudioSeconds.ShouldBe(2);
        ShouldHaveTable10(recipe, 20_000, 32);
        ShouldBeOfKind(recipe, kind, FinetuneModality.Audio);
        recipe.Finetune.LearningRates.ShouldBe(kind == "fc" ? MoreRates : Rates);
        recipe.Finetune.TestClips.ShouldBe(10);
        if (kind == "scratch")
        {
            recipe.Audio!.ShouldBe(new() { Name = "resnet18_audio" });
            (recipe.Spectrogram!.MelBins, recipe.Spectrogram.FrameCount(32_000)).ShouldBe((40, 100));
        }
    }

    /// <summary>Table 8's supervised row: es 1M, bs 32, lr 0.01, we/se/te 10/10/45, wd 1e-4.</summary>
    [Theory]
    [InlineData("finetune_kinetics_8x224_scratch", 32, 0.01)]
    [InlineData("finetune_kinetics_8x224_all", 32, 0.01)]
    [InlineData("finetune_kinetics_8x224_fc", 32, 0.01)]
    [InlineData("finetune_kinetics_multisensory_25x224_all", 8, 0.0025)]
    [InlineData("finetune_kinetics_multisensory_25x224_fc", 8, 0.0025)]
    public void Kinetics_has_the_supervised_models_schedule(string name, int batch, double rate)
    {
        var recipe = Load(name);
        var training = recipe.Training;
        (training.EpochSize, training.Batch, training.Optimiser.WeightDecay, recipe.Finetune.Epochs).ShouldBe((1_000_000, batch, 1e-4, 45));
        (training.LearningRate.Base, training.LearningRate.WarmupEpochs, training.LearningRate.StepEpochs, training.LearningRate.Gamma).ShouldBe((rate, 10.0, 10, 0.01));
        recipe.Finetune.LearningRates.ShouldBeEmpty();
        recipe.Finetune.Modality.ShouldBe(name.Contains("multisensory", StringComparison.Ordinal) ? FinetuneModality.Both : FinetuneModality.Video);
        recipe.Finetune.Layers.ShouldBe(name.EndsWith("fc", StringComparison.Ordinal) ? FinetuneLayers.Fc : FinetuneLayers.All);
        (recipe.Finetune.Weights == FinetuneWeights.Scratch).ShouldBe(name.EndsWith("scratch", StringComparison.Ordinal));
    }

    [Fact]
    public void Dcase2014_is_tested_by_sixty_clips_of_two_seconds()
    {
        var recipe = Load("finetune_dcase2014_all");
        (recipe.Dataset, recipe.Finetune.TestClips, recipe.Clip!.AudioSeconds, recipe.Finetune.Modality).ShouldBe(("dcase2014", 60, 2, FinetuneModality.Audio));
    }

    /// <summary>What the papers don't have stays off in their recipes.</summary>
    [Theory]
    [MemberData(nameof(ShippedProtocolsTests.Names), MemberType = typeof(ShippedProtocolsTests))]
    public void Only_recipes_for_processors_regularise_beyond_the_papers(string name)
    {
        var finetune = Load(name).Finetune;
        if (!name.EndsWith("_cpu", StringComparison.Ordinal))
        {
            (finetune.Mixup, finetune.TimeMask, finetune.FrequencyMask, finetune.Dropout, finetune.LabelShare, finetune.HeadRate).ShouldBe((0.0, 0.0, 0.0, 0.0, 1.0, 1.0));
        }
    }

    private static EvaluationRecipe Load(string name) => RecipeFile.LoadEvaluation(ShippedRecipesTests.Shipped.Resolve(name));

    private static void ShouldHaveTable10(EvaluationRecipe recipe, int epochSize, int batch)
    {
        var training = recipe.Training;
        (training.EpochSize, training.Batch, recipe.Finetune.Epochs).ShouldBe((epochSize, batch, 8));
        (training.LearningRate.WarmupEpochs, training.LearningRate.StepEpochs, training.LearningRate.Gamma, training.LearningRate.Schedule).ShouldBe((2.0, 2, 0.01, LearningRateShape.Step));
        (training.Optimiser.Name, training.Optimiser.Momentum, training.Optimiser.Nesterov, training.Optimiser.WeightDecay).ShouldBe((OptimiserName.Sgd, 0.9, true, 0.005));
    }

    private static void ShouldBeOfKind(EvaluationRecipe recipe, string kind, FinetuneModality modality)
    {
        var finetune = recipe.Finetune;
        finetune.Modality.ShouldBe(modality);
        finetune.Layers.ShouldBe(kind == "fc" ? FinetuneLayers.Fc : FinetuneLayers.All);
        finetune.Weights.ShouldBe(kind == "scratch" ? FinetuneWeights.Scratch : FinetuneWeights.Pretrained);
    }
}
