using System.Text.Json.Nodes;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Training;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Training;

/// <summary>Samples that can't be read: told, counted, out of the way of everything that is learned.</summary>
public sealed class BadSamplesTests
{
    private const int Plenty = 1000;

    [Fact]
    public void Each_is_an_event_with_video_path_and_reason_whatever_it_was_read_for()
    {
        using var run = new TinyRun();
        Fail(run, v => v.Id.EndsWith('1') || v.Id.EndsWith('3')); // 1 is for training, 3 for validation
        run.Run(With(Plenty)).Finished.ShouldBeTrue();
        var events = Events(run);
        events.Select(e => e["pass"]!.GetValue<string>()).Distinct().ShouldBe(["training", "validating"], ignoreOrder: true);
        events.ShouldAllBe(e => e["reason"]!.GetValue<string>() == "a bad sector" && e["step"] != null);
        events.Where(e => e["pass"]!.GetValue<string>() == "validating").ShouldAllBe(e => e["path"]!.GetValue<string>() == "3.mp4" && e["video"]!.GetValue<string>() == $"{3:x32}");
        events.Where(e => e["pass"]!.GetValue<string>() == "training").ShouldAllBe(e => e["path"]!.GetValue<string>() == "1.mp4");
        run.Header().State.BadSamples.ShouldBe(events.Length);
    }

    [Fact]
    public void The_budget_ends_the_run_with_the_list_of_this_process_and_those_before()
    {
        using var run = new TinyRun();
        Fail(run, v => v.Id.EndsWith('1'));
        run.Run(With(Plenty), stopAfter: 5).Finished.ShouldBeFalse();
        var first = Events(run).Length;
        first.ShouldBeGreaterThan(0);
        Fail(run, v => v.Id.EndsWith('2'));
        var error = Should.Throw<BadSamplesException>(() => run.Run(With(first), resume: true));
        error.Message.ShouldContain($"{first + 1} samples could not be read, more than training.max_bad_samples ({first}). They are of 2 videos:");
        error.Message.ShouldContain($"\n  {first} x 1.mp4 ({1:x32}): a bad sector");
        error.Message.ShouldContain($"\n  1 x 2.mp4 ({2:x32}): a bad sector");
        error.Message.ShouldContain(run.Folder.MetricsFile);
        error.Message.ShouldContain("duet store verify");
        Events(run).Length.ShouldBe(first + 1);
    }

    [Fact]
    public void A_budget_that_runs_out_while_validating_ends_the_run_as_well()
    {
        using var run = new TinyRun();
        Fail(run, v => v.Id.EndsWith('3'));
        Should.Throw<BadSamplesException>(() => run.Run(With(0))).Message.ShouldContain("1 x 3.mp4");
        Events(run).ShouldHaveSingleItem()["pass"]!.GetValue<string>().ShouldBe("validating");
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void A_resumed_run_counts_them_as_one_that_never_stopped()
    {
        using var straight = new TinyRun();
        Fail(straight, v => v.Id.EndsWith('1') || v.Id.EndsWith('3'));
        straight.Run(With(Plenty)).Finished.ShouldBeTrue();
        using var stopped = new TinyRun();
        Fail(stopped, v => v.Id.EndsWith('1') || v.Id.EndsWith('3'));
        stopped.Run(With(Plenty), stopAfter: 5).Finished.ShouldBeFalse(); // all steps of the first epoch are taken, its validation is left
        stopped.Run(With(Plenty), resume: true, stopAfter: 8).Finished.ShouldBeFalse();
        stopped.Run(With(Plenty), resume: true).Finished.ShouldBeTrue();
        stopped.Header().State.BadSamples.ShouldBe(straight.Header().State.BadSamples);
        Events(stopped).Select(e => e.ToJsonString()).ShouldBe(Events(straight).Select(e => e.ToJsonString()));
        foreach (var (name, bytes) in straight.Tensors())
        {
            stopped.Tensors()[name].AsSpan().SequenceEqual(bytes).ShouldBeTrue(name);
        }
    }

    /// <summary>The others' embeddings and the statistics of batch normalisation are those of a batch without the broken clip, to the last bit.</summary>
    [Fact]
    public void The_networks_do_not_see_the_black_stand_in()
    {
        var recipe = TinyRun.Recipe;
        var videos = FlashingClips.Videos(16).Where(v => v.Split == "train").ToArray();
        var requests = PairSampler.Epoch(videos, recipe.Clip, recipe.Pairs, new PairMix(1, 0, 0), 1, 0, 6);
        var bad = requests[2].Video.Id;
        var (broken, brokenStatistics) = Embed(requests, v => v.Id == bad);
        var (whole, wholeStatistics) = Embed([.. requests.Where(r => r.Video.Id != bad && r.Audio.All(a => a.Video.Id != bad))], _ => false);
        whole.Length.ShouldBeGreaterThan(0);
        broken.ShouldBe(whole);
        brokenStatistics.ShouldBe(wholeStatistics);
        var (everything, _) = Embed(requests, _ => false);
        everything.Length.ShouldBeGreaterThan(whole.Length);
        everything.Take(whole.Length).ShouldNotBe(whole);
    }

    [Fact]
    public void A_batch_of_which_nothing_can_be_read_teaches_nothing_and_measures_nothing()
    {
        var recipe = TinyRun.Recipe;
        using var model = new AvtsModel(recipe.Video, recipe.Audio, recipe.Head, recipe.Avts, 1);
        model.train();
        using var loss = ReadableClips.NoLoss(model);
        loss.backward();
        loss.ToDouble().ShouldBe(0);
        model.parameters().ShouldAllBe(p => p.grad!.abs().sum().ToDouble() == 0);
        var videos = FlashingClips.Videos(16).Where(v => v.Split == "train").ToArray();
        var requests = PairSampler.Epoch(videos, recipe.Clip, recipe.Pairs, new PairMix(1, 0, 0), 1, 0, 4);
        var (nothing, statistics) = Embed(requests, _ => true);
        nothing.ShouldBeEmpty();
        statistics.ShouldBe(Statistics(model));
    }

    private static (float[] Embeddings, float[] Statistics) Embed(IReadOnlyList<ClipRequest> requests, Func<StoredVideo, bool> fails)
    {
        var recipe = TinyRun.Recipe;
        var clips = new FlashingClips { Reading = Failing(fails) };
        using var loader = new ClipLoader(clips, recipe.Clip.Size, new ClipLoaderOptions { Workers = 1 });
        using var model = new AvtsModel(recipe.Video, recipe.Audio, recipe.Head, recipe.Avts, 1);
        using var preprocessor = new ClipPreprocessor(recipe.Clip, recipe.Spectrogram with { Normalisation = SpectrogramNormalisation.None }, null, CPU);
        model.train();
        using var scope = NewDisposeScope();
        using var batch = loader.Load(requests, requests.Count).Single();
        var pairs = PairBatch.Embed(model, preprocessor, batch, CPU);
        return ([.. Values(pairs.Video), .. Values(pairs.Audio)], Statistics(model));
    }

    private static float[] Statistics(AvtsModel model) => [.. model.named_buffers().Where(b => b.name.Contains("running", StringComparison.Ordinal)).SelectMany(b => Values(b.buffer))];

    private static float[] Values(Tensor tensor) => tensor.detach().cpu().to_type(ScalarType.Float32).contiguous().data<float>().ToArray();

    private static void Fail(TinyRun run, Func<StoredVideo, bool> which) => run.Clips.Reading = Failing(which);

    private static Action<StoredVideo> Failing(Func<StoredVideo, bool> which) => video =>
    {
        if (which(video))
        {
            throw new StoreException("a bad sector");
        }
    };

    private static Duet.Learning.Recipes.Recipe With(int budget) => TinyRun.Recipe with { Training = TinyRun.Recipe.Training with { MaxBadSamples = budget } };

    private static JsonObject[] Events(TinyRun run) =>
        [.. File.ReadAllLines(run.Folder.MetricsFile).Select(l => JsonNode.Parse(l)!.AsObject()).Where(l => l["kind"]!.GetValue<string>() == "event" && l["video"] is not null)];
}
