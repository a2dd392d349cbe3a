using System.Text.Json;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Randomness;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Evaluation.Retrieval;
using Duet.Learning.Models;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Recipes;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Evaluation.Retrieval;

public sealed class RetrievalEvaluationTests
{
    private static readonly ClipOptions Clip = new() { Frames = 10, Size = LevelStore.Side, AudioSeconds = new Rational(10, 25), Scales = [1] };
    private static readonly LogMelOptions Spectrogram = new() { Normalisation = SpectrogramNormalisation.None };
    private static readonly EvaluationRecipe Protocol = new()
    {
        Name = "default",
        Protocol = EvaluationProtocol.Retrieval,
        Retrieval = new RetrievalOptions { ClipsPerVideo = 3, RandomSeeds = 2, Batch = 8, Resamples = 100, CalibrationClips = 32, RecallAt = [1, 2, 5], Neighbours = 4 },
    };

    /// <summary>Three classes of brightness, and so of loudness, that vary around their mean.</summary>
    private static readonly LevelStore Store = new()
    {
        Level = (video, frame) => video.Label switch
        {
            "dim" => 30,
            "grey" => 110,
            _ => 190,
        } + (int)new KeyedRandom(0, frame, video.Id, "level").NextInteger(60),
    };

    private static readonly StoredVideo[] Videos = [.. Enumerable.Range(0, 30).Select(i => LevelStore.Video($"v{i:00}", 40, (i % 3) switch { 0 => "dim", 1 => "grey", _ => "bright" }, $"fold{(i % 2) + 1}"))];

    [Fact]
    public void Videos_of_a_class_find_each_other()
    {
        using var model = Model();
        var result = Run(model, Videos, [], Protocol);
        result.Results.Select(r => $"{r.Modality} {r.Weights}").ShouldBe(["video->video pretrained", "video->video random", "audio->audio pretrained", "audio->audio random"]);
        foreach (var row in result.Results)
        {
            row.RecallAt.Single(r => r.K == 1).Recall.ShouldBeGreaterThan(0.8, $"{row.Modality} {row.Weights}");
            row.RecallAt.ShouldAllBe(r => r.PerFold.Length == 2 && r.Chance < r.Recall && r.Ci95[0] <= r.Recall && r.Recall <= r.Ci95[1]);
            row.PerClass.Keys.ShouldBe(["bright", "dim", "grey"]);
            (row.Queries, row.Gallery, row.MedianRank).ShouldBe((30, 15.0, null));
        }

        var queries = result.Results[0].Neighbours;
        queries.Count.ShouldBe(30);
        foreach (var query in queries)
        {
            query.Nearest.Count.ShouldBe(4);
            query.Nearest.ShouldAllBe(n => n.VideoId != query.VideoId);
            query.Nearest.Select(n => n.Distance).ShouldBeInOrder();
            if (query.Rank is { } rank and <= 4)
            {
                query.Nearest[rank - 1].Label.ShouldBe(query.Label);
            }
        }

        result.Results[1].Neighbours.ShouldBeEmpty();
        result.Differences.Keys.ShouldBe(["video->video", "audio->audio"]);
        result.RandomBaseline!.CalibrationClips.Keys.ShouldBe(["video", "audio"]);
        JsonSerializer.Serialize(Run(model, Videos, [], Protocol)).ShouldBe(JsonSerializer.Serialize(result));
    }

    [Fact]
    public void Labels_that_mean_nothing_are_found_by_chance()
    {
        using var model = Model();
        var random = new KeyedRandom(4, 0, "labels", "test");
        var videos = Enumerable.Range(0, 60).Select(i => LevelStore.Video($"n{i:00}", 40, random.NextBoolean() ? "heads" : "tails", $"fold{(i % 2) + 1}")).ToArray();
        var result = Run(model, videos, [], Protocol with { Retrieval = Protocol.Retrieval with { RandomSeeds = 0 } }, new LevelStore());
        result.Results.Count.ShouldBe(2);
        result.Results.ShouldAllBe(r => Math.Abs(r.RecallAt[0].Recall - r.RecallAt[0].Chance) < 0.25);
        result.Differences.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(RetrievalDistance.Cosine)]
    [InlineData(RetrievalDistance.Euclidean)]
    public void Across_modalities_places_are_those_of_the_mean_embeddings(RetrievalDistance distance)
    {
        using var model = Model();
        var part = Videos[..12];
        var result = Run(model, [], part, Protocol with { Retrieval = Protocol.Retrieval with { Distance = distance } });
        result.Results.Select(r => r.Modality).ShouldBe(["audio->video", "video->audio"]);

        // A naive second version: a clip at a time, the mean by hand, every pair compared.
        var (seen, heard) = (new List<double[]>(), new List<double[]>());
        using (var preprocessor = new ClipPreprocessor(Clip, Spectrogram, null, torch.CPU))
        using (var loader = new ClipLoader(Store, Clip.Size, new ClipLoaderOptions { Workers = 1 }))
        {
            foreach (var video in part)
            {
                using var scope = torch.NewDisposeScope();
                using var none = torch.no_grad();
                var (s, h) = (new List<float[]>(), new List<float[]>());
                foreach (var clip in loader.Load(UniformClips.For(video, Clip, 3), 1, 0, TestContext.Current.CancellationToken))
                {
                    using var own = clip;
                    s.Add(model.EmbedVideo(preprocessor.Video(clip)).data<float>().ToArray());
                    h.Add(model.EmbedAudio(preprocessor.Audio(clip, 0)).data<float>().ToArray());
                }

                seen.Add(Mean(s));
                heard.Add(Mean(h));
            }
        }

        foreach (var (row, queries, gallery) in new[] { (result.Results[0], heard, seen), (result.Results[1], seen, heard) })
        {
            row.Queries.ShouldBe(12);
            row.ChanceMedianRank.ShouldBe(6.5);
            double[] ranks = [.. queries.Select((q, i) => 1.0 + gallery.Where((g, j) => j != i && Apart(q, g) < Apart(q, gallery[i])).Count())];
            row.Neighbours.Select(n => (double)n.Rank!).ShouldBe(ranks);
            row.RecallAt.Single(r => r.K == 5).Recall.ShouldBe(ranks.Average(r => r <= 5 ? 1.0 : 0.0), 1e-12);
            row.RecallAt.Single(r => r.K == 5).Chance.ShouldBe(5.0 / 12, 1e-12);
            var sorted = ranks.Order().ToArray();
            row.MedianRank.ShouldBe((sorted[5] + sorted[6]) / 2);
            row.Neighbours[3].Nearest[0].Distance.ShouldBe(gallery.Min(g => Apart(queries[3], g)), 1e-4);
        }

        static double[] Mean(List<float[]> clips) => [.. Enumerable.Range(0, clips[0].Length).Select(c => clips.Average(v => (double)v[c]))];

        double Apart(double[] a, double[] b)
        {
            if (distance == RetrievalDistance.Euclidean)
            {
                return Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
            }

            return 1 - (a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt(a.Sum(x => x * x) * b.Sum(x => x * x)));
        }
    }

    [Fact]
    public void What_cant_be_read_is_listed_and_not_found()
    {
        using var model = Model();
        var store = new LevelStore { Level = Store.Level, Damaged = ["v04"] };
        var result = Run(model, [.. Videos, LevelStore.Video("tiny", 3, "dim", "fold1")], Videos[..6], Protocol with { Retrieval = Protocol.Retrieval with { RandomSeeds = 0 } }, store);
        result.LeftOut.ShouldContain(l => l.VideoId == "v04" && l.Reason.StartsWith("a clip can't be read"));
        result.LeftOut.ShouldContain(l => l.VideoId == "tiny" && l.Reason.StartsWith("shorter than a clip; not searched by pictures"));
        foreach (var row in result.Results.Where(r => r.Modality != "audio->audio"))
        {
            row.Neighbours.ShouldAllBe(q => q.VideoId != "v04" && q.Nearest.All(n => n.VideoId != "v04"));
        }

        result.Results.Single(r => r.Modality == "audio->video").Queries.ShouldBe(5);
        Should.Throw<UsageException>(() => Run(model, [], [Videos[0], LevelStore.Video("tiny", 3)], Protocol)).Message.ShouldContain("1 of the 2 videos");
    }

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        using var model = Model();
        Run(model, Videos[..12], Videos[..4], Protocol);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Run(model, Videos[..12], Videos[..4], Protocol);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.ShouldBe(before);
    }

    [Theory]
    [InlineData("recall_at: [5, 1]", "ascending")]
    [InlineData("recall_at: [0]", "1 to 10000")]
    [InlineData("clips_per_video: 0", "at least 1")]
    [InlineData("neighbours: -1", "at least 0")]
    public void Options_that_dont_hold_are_told_by_line(string line, string part) =>
        Should.Throw<UsageException>(() => RecipeFile.ParseEvaluation($"name: mine\nprotocol: retrieval\nretrieval:\n  {line}\n", "mine.yaml")).Message.ShouldContain(part);

    private static AvtsModel Model()
    {
        var model = new AvtsModel(
            new EncoderOptions { Name = "mc3_18", Width = 0.125, Stages = 2 }, new EncoderOptions { Name = "vgg_m", Width = 0.125 }, new HeadOptions { TimeBins = 2, Hidden = 16, Embedding = 8 }, new AvtsOptions(), 5);
        model.eval();
        return model;
    }

    private static RetrievalResult Run(AvtsModel model, StoredVideo[] labelled, StoredVideo[] part, EvaluationRecipe protocol, LevelStore? store = null)
    {
        using var preprocessor = new ClipPreprocessor(Clip, Spectrogram, null, torch.CPU);
        var splits = labelled.Length == 0 ? [] : EvaluationSplits.Of(labelled, () => throw new InvalidOperationException()).Splits;
        return RetrievalEvaluation.Run(
            new RetrievalSubject(
                [new FeatureNetwork("video", model.VideoEncoder, model.VideoHead), new FeatureNetwork("audio", model.AudioEncoder, model.AudioHead)], Clip, preprocessor, torch.CPU, new ClipLoaderOptions { Workers = 1 }),
            new EvaluatedRun("run", "recipe", 0),
            new EvaluationStore(store ?? Store, "store", "fingerprint"),
            new RetrievalVideos(splits, part, []),
            protocol,
            null,
            TestContext.Current.CancellationToken);
    }
}
