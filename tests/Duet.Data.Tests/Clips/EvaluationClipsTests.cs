using Duet.Data.Clips;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Clips;

public sealed class EvaluationClipsTests
{
    [Fact]
    public void Easy_pairs_have_the_same_sounds_as_positives_and_as_negatives_and_never_a_videos_own()
    {
        var requests = EvaluationPairs.For(MemoryStore.Videos(9), new(), new(), PairKind.Easy, 4, seed: 1);
        requests.Count.ShouldBe(36);
        requests.ShouldAllBe(r => r.Audio[1].Video.Id != r.Video.Id && r.Audio[0].Video.Id == r.Video.Id);
        string Sound(AudioWindow w) => $"{w.Video.Id} {w.FirstSample}";
        requests.Select(r => Sound(r.Audio[1])).Order(StringComparer.Ordinal).ShouldBe(requests.Select(r => Sound(r.Audio[0])).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_kind_is_judged_on_fixed_centre_crops_wherever_a_video_can_serve_it()
    {
        StoredVideo[] videos = [.. MemoryStore.Videos(4), MemoryStore.Video("short", 26), MemoryStore.Video("tiny", 9)];
        var set = EvaluationPairs.Of(videos, new(), new(), clipsPerVideo: 3, seed: 7);
        int Pairs(PairKind kind) => set.Requests.Count(r => r.Audio[1].Kind == kind);
        Pairs(PairKind.Easy).ShouldBe(15);
        Pairs(PairKind.Hard).ShouldBe(12);
        Pairs(PairKind.SuperHard).ShouldBe(12);
        set.Feasibility.TooShort.Single().Id.ShouldBe("tiny");
        set.Feasibility.WithoutHard.Single().Id.ShouldBe("short");
        set.Requests.ShouldAllBe(r => r.Crop == new CropBox(21, 0, 128, 128, false) && r.Audio.Count == 2 && r.Audio[0].Kind == PairKind.Positive);
        var again = EvaluationPairs.Of([.. videos.Reverse()], new(), new(), 3, 7);
        again.Requests.Select(r => $"{r.SampleId} {r.FirstFrame} {r.Audio[1]}").ShouldBe(set.Requests.Select(r => $"{r.SampleId} {r.FirstFrame} {r.Audio[1]}"));
        EvaluationPairs.Of(videos, new(), new(), 3, 8).Requests.Select(r => r.FirstFrame).ShouldNotBe(set.Requests.Select(r => r.FirstFrame));
    }

    [Fact]
    public void Clips_of_one_video_are_spread_over_it()
    {
        var starts = EvaluationPairs.For(MemoryStore.Videos(3, 1025), new(), new(), PairKind.Easy, 10, 1).Where(r => r.Video.Id == "v000").Select(r => r.FirstFrame).ToArray();
        for (var i = 0; i < 10; i++)
        {
            starts[i].ShouldBeInRange(i * 100, (i + 1) * 101); // 1001 starts in ten strata
        }
    }

    [Theory]
    [InlineData(PairKind.Hard)]
    [InlineData(PairKind.SuperHard)]
    public void Positives_and_negatives_of_one_video_lie_alike_in_the_track(PairKind kind)
    {
        var requests = EvaluationPairs.For(MemoryStore.Videos(4000, 125), new(), new(), kind, 3, 1);
        double Mean(int window, Func<double, double> of) => requests.Average(r => of(r.Audio[window].FirstSample / 16000.0));
        Mean(1, x => x).ShouldBe(Mean(0, x => x), 0.08);
        Mean(1, x => Math.Abs(x - 2)).ShouldBe(Mean(0, x => Math.Abs(x - 2)), 0.05);
    }

    [Fact]
    public void One_video_alone_has_no_easy_pairs() => EvaluationPairs.For(MemoryStore.Videos(1), new(), new(), PairKind.Easy, 3, 1).ShouldBeEmpty();

    [Fact]
    public void Uniform_clips_run_from_the_first_start_to_the_last()
    {
        var video = MemoryStore.Video("a", 125);
        UniformClips.For(video, new(), 5).Select(r => r.FirstFrame).ShouldBe([0, 25, 50, 75, 100]);
        UniformClips.For(video, new(), 5).Select(r => r.Audio.Single().FirstSample).ShouldBe([0, 16000, 32000, 48000, 64000]);
        UniformClips.For(video, new(), 1).Single().FirstFrame.ShouldBe(50);
        UniformClips.FramesOnly(video, new(), 2).Select(r => r.FirstFrame).ShouldBe([0, 100]);
        UniformClips.FramesOnly(video, new(), 2).ShouldAllBe(r => r.Audio.Count == 0);
        UniformClips.AudioOnly(video, new(), 3).Select(r => r.Audio.Single().FirstSample).ShouldBe([0, 32000, 64000]);
        UniformClips.AudioOnly(video, new(), 3).ShouldAllBe(r => r.FrameCount == 0);
        UniformClips.For(MemoryStore.Video("b", 25), new(), 3).Select(r => r.FirstFrame).ShouldBe([0, 0, 0]);
        UniformClips.For(video, new() { FrameRate = 5 }, 2).Select(r => r.FirstFrame + ((r.FrameCount - 1) * r.FrameStep)).Last().ShouldBeLessThan(125);
    }

    [Fact]
    public void Short_videos_are_refused_for_frames_and_padded_for_sound()
    {
        var video = MemoryStore.Video("a", 20);
        UniformClips.CanServe(video, new()).ShouldBeFalse();
        Should.Throw<UsageException>(() => UniformClips.For(video, new(), 3)).Message.ShouldContain("0.8 s");
        Should.Throw<UsageException>(() => UniformClips.FramesOnly(video, new(), 3));
        var window = UniformClips.AudioOnly(video, new(), 1).Single().Audio.Single();
        window.FirstSample.ShouldBe(-1600); // 12 800 samples in the middle of 16 000
    }

    [Fact]
    public void A_positive_offset_takes_the_sound_later_than_the_picture()
    {
        var video = MemoryStore.Video("a", 250);
        Rational[] offsets = [-2, new Rational(-1, 3), 0, new Rational(1, 2), 3];
        var clip = OffsetClips.Of(video, new(), offsets);
        clip.Offsets.ShouldBe(offsets);
        var own = clip.Request.FirstFrame * 640L;
        clip.Request.Audio.Select(w => w.FirstSample - own).ShouldBe([-32000, -5333, 0, 8000, 48000]);
        clip.Request.Audio.Select(w => w.Kind).ShouldBe([PairKind.Hard, PairKind.SuperHard, PairKind.Positive, PairKind.SuperHard, PairKind.Hard]);
    }

    [Fact]
    public void Offsets_outside_the_track_are_left_out_and_the_clip_is_placed_where_all_fit_if_it_can_be()
    {
        var video = MemoryStore.Video("a", 100);
        var all = OffsetClips.Of(video, new(), [0, 3]);
        all.Offsets.Count.ShouldBe(2);
        all.Request.FirstFrame.ShouldBe(0);
        var some = OffsetClips.Of(video, new(), [-2, -1, 0, 1, 2]);
        some.Offsets.ShouldBe([-1, 0, 1]);
        Should.Throw<UsageException>(() => OffsetClips.Of(video, new(), [99])).Message.ShouldContain("a.mp4");
    }
}
