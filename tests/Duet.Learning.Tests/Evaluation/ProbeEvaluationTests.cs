using System.Text.Json;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Randomness;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Recipes;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Evaluation;

public sealed class ProbeEvaluationTests
{
    private static readonly ClipOptions Clip = new() { Frames = 4, Size = LevelStore.Side, AudioSeconds = new Rational(10, 25), Scales = [1] };
    private static readonly LogMelOptions Spectrogram = new() { Normalisation = SpectrogramNormalisation.None };
    private static readonly ProbeOptions Options = new() { ClipsPerVideo = 3, RandomSeeds = 2, CalibrationClips = 32, Batch = 8, Resamples = 200 };

    /// <summary>Three classes of brightness, and so of loudness, that vary around their mean.</summary>
    private static readonly LevelStore Store = new()
    {
        Level = (video, frame) => video.Label switch
        {
            "dim" => 40,
            "grey" => 120,
            _ => 200,
        } + (int)new KeyedRandom(0, frame, video.Id, "level").NextInteger(50),
    };

    private static readonly StoredVideo[] Videos = [.. Enumerable.Range(0, 36).Select(i => LevelStore.Video($"v{i:00}", 40, (i % 3) switch { 0 => "dim", 1 => "grey", _ => "bright" }, $"fold{(i / 3 % 3) + 1}"))];

    [Fact]
    public void Classes_that_differ_in_brightness_and_loudness_are_told_apart()
    {
        var result = Run(Folds(Videos), Options);
        result.Results.Select(r => (r.Modality, r.Weights)).ShouldBe([("video", "pretrained"), ("video", "random"), ("audio", "pretrained"), ("audio", "random")]);
        foreach (var row in result.Results)
        {
            row.Accuracy.ShouldBeGreaterThan(0.9, $"{row.Modality} {row.Weights}");
            row.PerFold.Length.ShouldBe(3);
            row.PerClass.Keys.ShouldBe(["bright", "dim", "grey"]);
            row.PerClass.Values.ShouldAllBe(c => c.Support == 12);
            row.Confusion.Counts.Sum(r => r.Sum()).ShouldBe(row.Weights == "random" ? 72 : 36);
            row.Predictions.Count.ShouldBe(row.Weights == "random" ? 72 : 36);
        }

        result.Folds.ShouldBe([new ClassificationFold("fold1", 24, 12), new ClassificationFold("fold2", 24, 12), new ClassificationFold("fold3", 24, 12)]);
        result.RandomBaseline!.BatchNorm.ShouldBe("calibrated");
        result.RandomBaseline.Seeds.ShouldBe([1, 2]);
        result.LeftOut.ShouldBeEmpty();
    }

    [Fact]
    public void Labels_that_mean_nothing_are_not_learned()
    {
        // What a leak between training and test would break: noise must stay at chance, 1 in 2.
        var noise = new LevelStore();
        var random = new KeyedRandom(4, 0, "labels", "test");
        var videos = Enumerable.Range(0, 40).Select(i => LevelStore.Video($"n{i:00}", 40, random.NextBoolean() ? "heads" : "tails", $"fold{(i % 2) + 1}")).ToArray();
        var result = Run(Folds(videos), Options with { RandomSeeds = 0 }, noise);
        result.Results.ShouldAllBe(r => r.Accuracy > 0.25 && r.Accuracy < 0.75);
        result.Differences.ShouldBeEmpty();
        result.RandomBaseline.ShouldBeNull();
    }

    [Fact]
    public void A_network_is_no_better_than_itself()
    {
        // The "pretrained" encoders have the weights of the baseline's only seed.
        var result = Run(Folds(Videos), Options with { RandomSeeds = 1, CalibrateBatchNorm = false }, pretrainedSeed: 1);
        foreach (var difference in result.Differences.Values)
        {
            difference.Points.ShouldBe(0);
            difference.Ci95.ShouldBe([0, 0]);
        }

        result.RandomBaseline!.BatchNorm.ShouldBe("initial");
    }

    [Fact]
    public void The_same_call_gives_the_same_result() =>
        JsonSerializer.Serialize(Run(Folds(Videos), Options)).ShouldBe(JsonSerializer.Serialize(Run(Folds(Videos), Options)));

    [Fact]
    public void C_is_chosen_on_the_training_part()
    {
        var result = Run(Folds(Videos), Options with { C = [1e-6, 1], RandomSeeds = 0 });
        result.C.ShouldBe("auto");
        result.Results.ShouldAllBe(r => r.C!.Length == 3 && r.C.All(c => c == 1e-6 || c == 1));
    }

    [Fact]
    public void Flattened_features_keep_every_place()
    {
        var average = Run(Folds(Videos), Options with { RandomSeeds = 0, Layer = "conv2" });
        var flat = Run(Folds(Videos), Options with { RandomSeeds = 0, Layer = "conv2", Pooling = FeaturePooling.Flatten });
        average.Results[0].Features.ShouldBe(8);
        flat.Results[0].Features.ShouldBe(8 * 4 * 8 * 8); // 4 frames; a 16-pixel crop is halved once by conv1
    }

    [Fact]
    public void Both_modalities_stand_side_by_side()
    {
        var result = Run(Folds(Videos[..18]), Options with { Modality = ProbeModality.Both, RandomSeeds = 1, Normalisation = FeatureNormalisation.L2 });
        result.Results.Select(r => (r.Modality, r.Weights, r.Features, r.Network, r.Layer)).ShouldBe(
            [("both", "pretrained", 8 + 24, "mc2_18 + vgg_m", "conv2"), ("both", "random", 8 + 24, "mc2_18 + vgg_m", "conv2")]);
        result.Results.ShouldAllBe(r => r.Accuracy > 0.6);
        result.Differences.Keys.ShouldBe(["both"]);
        result.RandomBaseline!.CalibrationClips["both"].ShouldBe(32);
    }

    [Fact]
    public void Of_both_modalities_each_row_part_has_length_one()
    {
        using var scope = torch.NewDisposeScope();
        using var video = EncoderRegistry.Create(new EncoderOptions { Name = "mc2_18", Width = 0.125, Stages = 2 }, 1);
        using var audio = EncoderRegistry.Create(new EncoderOptions { Name = "vgg_m", Width = 0.125, Stages = 2 }, 1);
        using var preprocessor = new ClipPreprocessor(Clip, Spectrogram, null, torch.CPU);
        using var loader = new ClipLoader(Store, Clip.Size, new ClipLoaderOptions { Workers = 1 });
        video.eval();
        audio.eval();
        FeatureTap[] taps = [.. new Encoder[] { video, audio }.Select(e => new FeatureTap(FeatureNetwork.Of(e), "conv2", FeaturePooling.Average))];
        var extractor = new FeatureExtractor(preprocessor, loader, 8, null, TestContext.Current.CancellationToken);
        var data = ProbeData.Read(extractor, [taps], Folds(Videos[..6]), Clip, Options with { Normalisation = FeatureNormalisation.L2 }, []);
        var columns = data.Columns;
        columns.ShouldBe(8 + 24);
        for (var r = 0; r < data.Features[0].Rows; r++)
        {
            var row = data.Features[0].Row(r);
            RowProducts.SquaredNorm(row[..8]).ShouldBe(1, 1e-5);
            RowProducts.SquaredNorm(row[8..]).ShouldBe(1, 1e-5);
        }
    }

    [Fact]
    public void Statistics_of_spectrograms_need_no_network()
    {
        var result = Run(Folds(Videos), Options with { Features = ProbeFeatures.LogMel, Layer = "conv5" }, weights: ProbeSubject.LogMel);
        var row = result.Results.ShouldHaveSingleItem();
        (row.Modality, row.Weights, row.Layer, row.Features).ShouldBe(("audio", "log_mel", "log_mel", 4 * Spectrogram.MelBins));
        row.Accuracy.ShouldBeGreaterThan(0.9);
        result.RandomBaseline.ShouldBeNull();
    }

    [Fact]
    public void Without_pretrained_weights_there_are_random_ones_alone()
    {
        var result = Run(Folds(Videos), Options with { Modality = ProbeModality.Audio }, weights: ProbeSubject.Random);
        var row = result.Results.ShouldHaveSingleItem();
        (row.Modality, row.Weights, row.PerSeed.Length).ShouldBe(("audio", "random", 2));
        // The same networks as those beside a run.
        row.Accuracy.ShouldBe(Run(Folds(Videos), Options).Results.Single(r => r is { Modality: "audio", Weights: "random" }).Accuracy);
        Should.Throw<UsageException>(() => Run(Folds(Videos), Options with { RandomSeeds = 0 }, weights: ProbeSubject.Random)).Message.ShouldContain("random weights only");
    }

    [Fact]
    public void A_grid_has_sixteen_places_and_a_maximum_one()
    {
        Run(Folds(Videos[..9]), Options with { RandomSeeds = 0, Pooling = FeaturePooling.Grid }).Results.Select(r => r.Features).ShouldBe([8 * 16, 24 * 16]);
        Run(Folds(Videos[..9]), Options with { RandomSeeds = 0, Pooling = FeaturePooling.Max }).Results.Select(r => r.Features).ShouldBe([8, 24]);
    }

    [Fact]
    public void What_does_not_fit_into_memory_is_refused_with_the_numbers()
    {
        var error = Should.Throw<UsageException>(() => Run(Folds(Videos), Options with { MemoryGb = 1e-6, Pooling = FeaturePooling.Flatten })).Message;
        error.ShouldStartWith("The video probe's features need 0.0 GB: 108 clips of 2048 features from 3 networks, and a copy of 72 for the machine with their products;");
        error.ShouldContain("--pooling average");
        ProbeMemory.Needed(12_000, 6_000, 4096, 1).ShouldBe(4 * 4096 * 18_000.0);
        ProbeMemory.Needed(3_200, 2_400, 4096, 1).ShouldBe((4 * 4096 * 5_600.0) + (8 * 2_400.0 * 2_400), "fewer rows than features: their products too");
    }

    [Fact]
    public void Clips_vote_or_their_scores_are_averaged()
    {
        // One feature; a video of three clips, two of them slightly on one side and one far on the other.
        var features = new FeatureMatrix(7, 1);
        new float[] { -1, 1, -1, 1, -0.2f, -0.2f, 3 }.CopyTo(features.Values, 0);
        IReadOnlyList<int>[] rowsOf = [[0], [1], [2], [3], [4, 5, 6]];
        int Named(ClipAverage average) => new ProbeClassifier(features, rowsOf, [0, 1, 0, 1, 0], new ProbeOptions { Average = average, Normalisation = FeatureNormalisation.None })
            .Run([0, 1, 2, 3], [4], 0, TestContext.Current.CancellationToken).Predicted[0];
        Named(ClipAverage.Scores).ShouldBe(1);
        Named(ClipAverage.Votes).ShouldBe(0);
    }

    [Fact]
    public void The_machine_has_the_options_of_the_protocol() =>
        new ProbeOptions { Loss = SvmLoss.Hinge, ClassWeights = SvmClassWeights.Balanced, InterceptScaling = 3, MaxIterations = 7 }.Machine(0.1, 5)
            .ShouldBe(new LinearSvmOptions { C = 0.1, Loss = SvmLoss.Hinge, ClassWeights = SvmClassWeights.Balanced, InterceptScaling = 3, MaxIterations = 7, Seed = 5 });

    [Fact]
    public void A_layer_that_is_not_there_is_wrong_use() =>
        Should.Throw<UsageException>(() => Run(Folds(Videos), Options with { Layer = "conv9" })).Message.ShouldContain("it has conv1, conv2");

    [Fact]
    public void Damaged_and_short_videos_are_listed()
    {
        var store = new LevelStore { Level = Store.Level, Damaged = ["v00"] };
        var result = Run(Folds([.. Videos, LevelStore.Video("tiny", 2, "dim", "fold1")]), Options with { RandomSeeds = 0 }, store);
        result.LeftOut.ShouldContain(l => l.VideoId == "v00" && l.Reason.StartsWith("a clip can't be read"));
        result.LeftOut.ShouldContain(l => l.VideoId == "tiny" && l.Reason.StartsWith("shorter than a clip"));
        result.Results[0].Predictions.Count.ShouldBe(35);
        result.Results[1].Predictions.Count.ShouldBe(37, "sound needs no frames, and a short track is heard in the middle of silence");
    }

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        Run(Folds(Videos[..12]), Options);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Run(Folds(Videos[..12]), Options);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.ShouldBe(before);
    }

    [Fact]
    public void Calibrated_statistics_are_those_of_the_clips()
    {
        // Calibrated on one batch, evaluation on that batch normalises by what training on it would: up to Bessel's correction.
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        using var encoder = EncoderRegistry.Create(new EncoderOptions { Name = "vgg_m", Width = 0.125 }, 3);
        var input = torch.randn(16, 1, 40, 40, generator: new torch.Generator(1));
        encoder.train();
        var wanted = encoder.forward(input);
        encoder.eval();
        torch.allclose(encoder.forward(input), wanted, 0.02, 0.02).ShouldBeFalse();
        var calibration = new BatchNormCalibration(encoder);
        calibration.Add(input);
        calibration.Apply();
        (encoder.forward(input) - wanted).abs().max().ToSingle().ShouldBeLessThan(0.02f * wanted.abs().max().ToSingle());
    }

    [Fact]
    public void Calibration_averages_over_batches()
    {
        using var scope = torch.NewDisposeScope();
        using var encoder = EncoderRegistry.Create(new EncoderOptions { Name = "vgg_m", Width = 0.125, Stages = 1 }, 3);
        var a = torch.randn(4, 1, 20, 20, generator: new torch.Generator(1));
        var b = torch.randn(4, 1, 20, 20, generator: new torch.Generator(2)) + 2;
        double[] Means(params torch.Tensor[] batches)
        {
            var calibration = new BatchNormCalibration(encoder);
            foreach (var batch in batches)
            {
                calibration.Add(batch);
            }

            calibration.Apply();
            return [.. encoder.named_buffers().First(n => n.name.EndsWith("running_mean", StringComparison.Ordinal)).buffer.data<float>().ToArray().Select(v => (double)v)];
        }

        var (ofA, ofB, ofBoth) = (Means(a), Means(b), Means(a, b));
        for (var i = 0; i < ofA.Length; i++)
        {
            ofBoth[i].ShouldBe((ofA[i] + ofB[i]) / 2, 1e-5);
        }
    }

    private static IReadOnlyList<EvaluationSplit> Folds(StoredVideo[] videos) => EvaluationSplits.Of(videos, () => throw new InvalidOperationException()).Splits;

    private static ProbeResult Run(IReadOnlyList<EvaluationSplit> splits, ProbeOptions options, LevelStore? store = null, long pretrainedSeed = 77, string weights = ProbeSubject.Pretrained)
    {
        using var video = EncoderRegistry.Create(new EncoderOptions { Name = "mc2_18", Width = 0.125, Stages = 2 }, pretrainedSeed);
        using var audio = EncoderRegistry.Create(new EncoderOptions { Name = "vgg_m", Width = 0.125, Stages = 2 }, pretrainedSeed);
        using var logMel = new LogMelNetwork(Spectrogram.MelBins);
        using var preprocessor = new ClipPreprocessor(Clip, Spectrogram, null, torch.CPU);
        return ProbeEvaluation.Run(
            new ProbeSubject(weights == ProbeSubject.LogMel ? [logMel] : [video, audio], Clip, preprocessor, torch.CPU, new ClipLoaderOptions { Workers = 1 }, weights),
            new EvaluatedRun("runs/test", "test", 0),
            new EvaluationStore(store ?? Store, "stores/test", "00"),
            splits,
            [],
            new EvaluationRecipe { Name = "test", Probe = options },
            null,
            TestContext.Current.CancellationToken);
    }
}
