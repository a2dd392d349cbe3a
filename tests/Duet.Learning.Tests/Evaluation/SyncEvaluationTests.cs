using System.Text.Json;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Evaluation;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Evaluation;

public sealed class SyncEvaluationTests
{
    private static readonly StoredVideo[] Validation = [.. Enumerable.Range(0, 6).Select(i => LevelStore.Video($"val{i}"))];
    private static readonly StoredVideo[] Test = [.. Enumerable.Range(0, 9).Select(i => LevelStore.Video($"test{i}", label: $"kind{i % 3}"))];
    private static readonly SyncOptions Options = new() { ClipsPerVideo = 3, Resamples = 200, Loader = new ClipLoaderOptions { Workers = 1 } };

    [Fact]
    public void A_model_that_hears_is_right_about_everything()
    {
        var result = Run(new LevelStore(), new LevelModel());
        result.Kinds.Keys.ShouldBe(["easy", "hard", "super_hard"]);
        foreach (var kind in result.Kinds.Values)
        {
            kind.Accuracy.ShouldBe(1);
            kind.Auc.ShouldBe(1);
            kind.AucCi95.ShouldBe([1, 1]);
            kind.Videos.ShouldBe(9);
            kind.Pairs.ShouldBe(2 * 9 * 3);
            kind.PositiveDistance.ShouldBeLessThan(kind.NegativeDistance);
        }

        result.ThresholdKinds.ShouldBe(["easy", "hard"]);
        result.Validation.ShouldBe(new SyncPart(6, 2 * 6 * 3 * 2, 1));
        result.Test.Pairs.ShouldBe(2 * 9 * 3 * 3);
        result.Histograms.Positive.Sum().ShouldBe(9 * 3 * 3);
        result.Histograms.Hard.Sum().ShouldBe(9 * 3);
        result.Histograms.Edges.Length.ShouldBe(result.Histograms.Positive.Length + 1);
        result.Offsets!.Clips.ShouldBe(9);
        result.Offsets.Within[0].Share.ShouldBe(1);
        result.Offsets.Within[0].Chance.ShouldBeLessThan(0.05);
        result.LeftOut.ShouldBeEmpty();
    }

    [Fact]
    public void A_model_that_is_deaf_guesses()
    {
        var result = Run(new LevelStore(), new LevelModel { Spoil = d => torch.zeros_like(d) });
        foreach (var kind in result.Kinds.Values)
        {
            kind.Accuracy.ShouldBe(0.5);
            kind.Auc.ShouldBe(0.5);
        }

        // A flat curve has its least value everywhere: that must not pass for an offset of zero.
        result.Offsets!.Within[0].Share.ShouldBe(0);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-4)]
    public void A_positive_offset_says_that_the_sound_comes_later(int delay)
    {
        var result = Run(new LevelStore { SoundDelay = delay }, new LevelModel());
        result.Examples.Count.ShouldBe(6);
        foreach (var example in result.Examples)
        {
            var least = Enumerable.Range(0, example.Distances.Length).MinBy(i => example.Distances[i]);
            example.OffsetsSeconds[least].ShouldBe(delay / 25.0, 1e-9);
        }

        result.Offsets!.MedianAbsoluteSeconds.ShouldBe(Math.Abs(delay) / 25.0, 1e-9);
    }

    [Fact]
    public void The_threshold_comes_from_validation_alone()
    {
        var one = Run(new LevelStore(), new LevelModel(), test: Test[..4]);
        var other = Run(new LevelStore(), new LevelModel(), test: Test[4..]);
        other.Threshold.ShouldBe(one.Threshold);
        var elsewhere = Run(new LevelStore(), new LevelModel(), validation: [.. Validation[..3]]);
        elsewhere.Threshold.ShouldNotBe(one.Threshold);
    }

    [Fact]
    public void The_batch_does_not_matter()
    {
        var one = Run(new LevelStore(), new LevelModel { Spoil = Noisy }, Options with { Batch = 1 });
        var many = Run(new LevelStore(), new LevelModel { Spoil = Noisy }, Options with { Batch = 50 });
        JsonSerializer.Serialize(many).ShouldBe(JsonSerializer.Serialize(one));
        one.Kinds["easy"].Accuracy.ShouldBeInRange(0.5, 0.999);
        one.Kinds["easy"].AccuracyCi95[0].ShouldBeLessThan(one.Kinds["easy"].Accuracy);
        one.Kinds["easy"].AccuracyCi95[1].ShouldBeGreaterThanOrEqualTo(one.Kinds["easy"].Accuracy);

        // A function of the distance alone, so that it is the same in any batch.
        static torch.Tensor Noisy(torch.Tensor d) => (d * 1e4).sin().abs();
    }

    [Fact]
    public void A_clip_that_can_not_be_read_is_listed_and_not_judged()
    {
        var result = Run(new LevelStore { Damaged = ["test4"] }, new LevelModel());
        result.Kinds["hard"].Videos.ShouldBe(8);
        result.Kinds["hard"].Accuracy.ShouldBe(1);
        result.LeftOut.ShouldContain(l => l.VideoId == "test4" && l.Reason.StartsWith("a clip can't be read"));
    }

    [Fact]
    public void Short_videos_are_listed_with_what_they_can_not_serve()
    {
        var result = Run(new LevelStore(), new LevelModel(), test: [.. Test, LevelStore.Video("brief", frames: 12), LevelStore.Video("blink", frames: 5)]);
        result.LeftOut.ShouldContain(l => l.VideoId == "blink" && l.Reason == "shorter than a clip");
        result.LeftOut.ShouldContain(l => l.VideoId == "brief" && l.Reason.Contains("hard negative"));
        result.Kinds["easy"].Videos.ShouldBe(10);
        result.Kinds["hard"].Videos.ShouldBe(9);
    }

    [Fact]
    public void Distances_that_are_not_finite_are_an_error() =>
        Should.Throw<DuetException>(() => Run(new LevelStore(), new LevelModel { Spoil = d => d / 0 * 0 })).Message.ShouldContain("diverged");

    [Fact]
    public void A_part_that_serves_nothing_is_wrong_use()
    {
        Should.Throw<UsageException>(() => Run(new LevelStore(), new LevelModel(), validation: [])).Message.ShouldContain("validation");
        Should.Throw<UsageException>(() => Run(new LevelStore(), new LevelModel(), validation: [LevelStore.Video("one", frames: 11)])).Message.ShouldContain("validation");
        Should.Throw<UsageException>(() => Run(new LevelStore(), new LevelModel(), Options with { ClipsPerVideo = 0 })).Message.ShouldContain("ClipsPerVideo");
    }

    [Fact]
    public void The_file_has_the_names_that_readers_know()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        try
        {
            ResultFile.Write(path, Run(new LevelStore(), new LevelModel()));
            using var json = JsonDocument.Parse(File.ReadAllText(path));
            var root = json.RootElement;
            root.EnumerateObject().Select(p => p.Name).Take(2).ShouldBe(["format", "kind"]);
            root.GetProperty("format").GetString().ShouldBe("duet.result/1");
            root.GetProperty("kinds").GetProperty("super_hard").GetProperty("accuracy_ci95").GetArrayLength().ShouldBe(2);
            root.GetProperty("histograms").GetProperty("super_hard").GetArrayLength().ShouldBe(40);
            var example = root.GetProperty("examples")[0];
            var spectrogram = example.GetProperty("spectrogram");
            Convert.FromBase64String(spectrogram.GetProperty("values_base64").GetString()!).Length
                .ShouldBe(spectrogram.GetProperty("frames").GetInt32() * spectrogram.GetProperty("mels").GetInt32());
            example.GetProperty("offsets_seconds").GetArrayLength().ShouldBe(example.GetProperty("distances").GetArrayLength());
            root.GetProperty("offsets").GetProperty("within")[0].GetProperty("share_ci95").GetArrayLength().ShouldBe(2);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        Run(new LevelStore(), new LevelModel());
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Run(new LevelStore(), new LevelModel());
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.ShouldBe(before);
    }

    private static SyncResult Run(LevelStore store, LevelModel model, SyncOptions? options = null, StoredVideo[]? validation = null, StoredVideo[]? test = null) => SyncEvaluation.Run(
        model,
        new EvaluatedRun("runs/test", "test", 0),
        new EvaluationStore(store, "stores/test", "00"),
        new EvaluationParts { Train = [], Validation = validation ?? Validation, Test = test ?? Test, LeftOut = [] },
        options ?? Options,
        null,
        TestContext.Current.CancellationToken);
}
