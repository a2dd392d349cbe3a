using CsCheck;
using Duet.Data.Clips;
using Duet.Data.Store;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Clips;

public sealed class PairSamplerTests
{
    private static readonly PairMix Mixed = new(0.4, 0.3, 0.3);

    private static readonly int[] SampleRates = [8000, 16000, 22050];

    private sealed record Setting(StoredVideo[] Videos, ClipOptions Clip, PairOptions Pairs, long Seed, int Epoch, int Size);

    private static readonly Gen<Setting> Settings =
        from count in Gen.Int[2, 9]
        from lengths in Gen.Int[20, 400].Array[count]
        from ragged in Gen.Int[-700, 700].Array[count]
        from frames in Gen.Int[1, 32]
        from step in Gen.Int[1, 3]
        from audio in Gen.Int[1, 20]
        from start in Gen.Bool
        from gap in Gen.Int[1, 30]
        from overlap in Gen.Bool
        from seed in Gen.Long
        from epoch in Gen.Int[0, 5]
        from size in Gen.Int[1, 40]
        from rate in Gen.Int[0, 2].Select(i => SampleRates[i])
        select new Setting(
            [.. lengths.Select((l, i) => MemoryStore.Video($"v{i}", l, ((long)l * rate / 25) + ragged[i], sampleRate: rate))],
            new ClipOptions
            {
                Frames = frames,
                FrameRate = new Rational(25, step),
                AudioSeconds = new Rational(audio, 10),
                AudioAlignment = start ? AudioAlignment.Start : AudioAlignment.Centre,
            },
            new PairOptions { GapSeconds = new Rational(gap, 20), AllowOverlap = overlap },
            seed,
            epoch,
            size);

    private static IReadOnlyList<ClipRequest>? TryEpoch(Setting s, PairMix mix)
    {
        try
        {
            return PairSampler.Epoch(s.Videos, s.Clip, s.Pairs, mix, s.Seed, s.Epoch, s.Size);
        }
        catch (UsageException)
        {
            return null; // what these throw on is tested by name below
        }
    }

    [Fact]
    public void Every_window_obeys_the_rules_of_its_kind_checked_the_naive_way()
    {
        var seen = new int[4];
        Settings.Sample(
            s =>
            {
                if (TryEpoch(s, Mixed) is not { } requests)
                {
                    return;
                }

                requests.Count.ShouldBe(s.Size);
                foreach (var r in requests)
                {
                    var v = r.Video;
                    r.FirstFrame.ShouldBeGreaterThanOrEqualTo(0);
                    (r.FirstFrame + ((r.FrameCount - 1) * r.FrameStep)).ShouldBeLessThan(v.FrameCount);
                    r.FrameStep.ShouldBe((int)(v.FrameRate.ToDouble() / s.Clip.FrameRate.ToDouble() + 0.5));
                    r.Audio.Count.ShouldBe(2);
                    var (own, other) = (r.Audio[0], r.Audio[1]);
                    own.Kind.ShouldBe(PairKind.Positive);
                    own.Video.ShouldBe(v);
                    foreach (var w in r.Audio)
                    {
                        w.SampleCount.ShouldBe((int)Math.Floor((s.Clip.AudioSeconds.ToDouble() * v.SampleRate) + 0.5));
                        w.FirstSample.ShouldBeGreaterThanOrEqualTo(0);
                        (w.FirstSample + w.SampleCount).ShouldBeLessThanOrEqualTo(w.Video.SampleCount);
                    }

                    // In sync: the middles (or starts) of frames and sound are the same instant, to half a sample.
                    var late = s.Clip.AudioAlignment == AudioAlignment.Start ? 0 : ((s.Clip.Frames / s.Clip.FrameRate.ToDouble()) - s.Clip.AudioSeconds.ToDouble()) / 2;
                    ((double)own.FirstSample).ShouldBe(((r.FirstFrame / 25.0) + late) * v.SampleRate, 0.5 + 1e-6);

                    var apart = Math.Abs(other.FirstSample - own.FirstSample);
                    var shared = Math.Max(0, own.SampleCount - apart) / (double)own.SampleCount;
                    var oneSample = 1.0 / own.SampleCount;
                    switch (other.Kind)
                    {
                        case PairKind.Easy:
                            other.Video.Id.ShouldNotBe(v.Id);
                            break;
                        case PairKind.Hard:
                            other.Video.ShouldBe(v);
                            apart.ShouldBeGreaterThanOrEqualTo((long)Math.Floor(s.Pairs.GapSeconds.ToDouble() * v.SampleRate));
                            if (!s.Pairs.AllowOverlap)
                            {
                                shared.ShouldBe(0);
                            }

                            break;
                        case PairKind.SuperHard:
                            other.Video.ShouldBe(v);
                            shared.ShouldBeInRange(0.25 - oneSample, 0.75 + oneSample);
                            break;
                        default:
                            throw new InvalidOperationException("The second window is never positive.");
                    }

                    Interlocked.Increment(ref seen[(int)other.Kind]);
                    var side = r.Crop.Width;
                    r.Crop.Height.ShouldBe(side);
                    s.Clip.Scales.Select(x => (int)Math.Round(x * 128, MidpointRounding.AwayFromZero)).ShouldContain(side);
                    r.Crop.X.ShouldBeInRange(0, v.Width - side);
                    r.Crop.Y.ShouldBeInRange(0, v.Height - side);
                }
            },
            iter: 300);
        seen[0].ShouldBe(0);
        seen[1..].ShouldAllBe(n => n > 100);
    }

    [Fact]
    public void An_epoch_is_a_pure_function_of_its_key_and_not_of_the_order_of_the_videos() =>
        Settings.Sample(
            s =>
            {
                if (TryEpoch(s, Mixed) is not { } first)
                {
                    return;
                }

                var again = PairSampler.Epoch([.. s.Videos.Reverse()], s.Clip, s.Pairs, Mixed, s.Seed, s.Epoch, s.Size);
                for (var i = 0; i < first.Count; i++)
                {
                    var (a, b) = (first[i], again[i]);
                    (b with { Audio = a.Audio }).ShouldBe(a);
                    b.Audio.ShouldBe(a.Audio);
                }
            },
            iter: 100);

    [Fact]
    public void Another_seed_or_epoch_draws_other_windows()
    {
        var videos = MemoryStore.Videos(20);
        string Draw(long seed, int epoch) => string.Join(';', PairSampler.Epoch(videos, new(), new(), Mixed, seed, epoch, 20)
            .OrderBy(r => r.SampleId, StringComparer.Ordinal).Select(r => $"{r.FirstFrame} {r.Crop} {r.Audio[1].Kind} {r.Audio[1].FirstSample}"));
        new[] { Draw(1, 0), Draw(1, 1), Draw(2, 0) }.Distinct().Count().ShouldBe(3);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(27)]
    [InlineData(100)]
    public void Whatever_the_epoch_size_no_video_is_more_than_one_clip_ahead_of_another(int size)
    {
        var videos = MemoryStore.Videos(10);
        var total = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var epoch = 0; epoch < 7; epoch++)
        {
            var requests = PairSampler.Epoch(videos, new(), new(), PairMix.EasyOnly, 5, epoch, size);
            requests.Count.ShouldBe(size);
            requests.Select(r => r.SampleId).Distinct().Count().ShouldBe(size);
            foreach (var r in requests)
            {
                total[r.Video.Id] = total.GetValueOrDefault(r.Video.Id) + 1;
            }

            var least = videos.Min(v => total.GetValueOrDefault(v.Id));
            total.Values.Max().ShouldBeLessThanOrEqualTo(least + 1);
        }
    }

    [Fact]
    public void The_order_changes_from_epoch_to_epoch_and_the_default_size_is_clips_per_video()
    {
        var videos = MemoryStore.Videos(30);
        string Order(int epoch) => string.Join(',', PairSampler.Epoch(videos, new(), new PairOptions { ClipsPerVideo = 2 }, PairMix.EasyOnly, 5, epoch, 0).Select(r => r.SampleId));
        Order(0).Split(',').Length.ShouldBe(60);
        Order(0).ShouldNotBe(Order(1));
    }

    /// <summary>Position in the track of positive and negative sound, as a histogram over eighths of it.</summary>
    private static (double[] Positive, double[] Negative) Positions(PairKind kind, IReadOnlyList<ClipRequest> requests)
    {
        var (positive, negative) = (new double[8], new double[8]);
        var n = 0;
        foreach (var r in requests.Where(r => r.Audio[1].Kind == kind))
        {
            positive[Bin(r.Audio[0])]++;
            negative[Bin(r.Audio[1])]++;
            n++;
        }

        return ([.. positive.Select(c => c / n)], [.. negative.Select(c => c / n)]);

        static int Bin(AudioWindow w) => (int)(w.FirstSample * 8 / (w.Video.SampleCount - w.SampleCount + 1));
    }

    [Theory]
    [InlineData(PairKind.Easy)]
    [InlineData(PairKind.Hard)]
    [InlineData(PairKind.SuperHard)]
    public void The_position_in_the_track_does_not_tell_a_negative_from_a_positive(PairKind kind)
    {
        // 5 s videos and a gap of 1 s: drawing the own start first would put 2.6 times as many hard negatives in the outer eighths as in the middle.
        var requests = PairSampler.Epoch(MemoryStore.Videos(20, 125), new(), new() { GapSeconds = 1 }, new PairMix(1, 1, 1), 11, 0, 60_000);
        var (positive, negative) = Positions(kind, requests);
        for (var bin = 0; bin < 8; bin++)
        {
            negative[bin].ShouldBe(positive[bin], 0.012); // about 5 standard deviations of 20 000 draws
        }
    }

    [Fact]
    public void Each_videos_sound_is_as_often_an_easy_negative_as_the_positive_beside_one_also_where_short_videos_fall_back()
    {
        // Half of the videos are too short for hard negatives and get easy ones instead.
        StoredVideo[] videos = [.. Enumerable.Range(0, 12).Select(i => MemoryStore.Video($"v{i:00}", i < 6 ? 30 : 200))];
        var easy = PairSampler.Epoch(videos, new(), new(), new PairMix(0.2, 0.8, 0), 2, 0, 60_000).Where(r => r.Audio[1].Kind == PairKind.Easy).ToList();
        double Share(string id, int window) => easy.Count(r => r.Audio[window].Video.Id == id) / (double)easy.Count;
        foreach (var v in videos)
        {
            Share(v.Id, 1).ShouldBe(Share(v.Id, 0), 0.02);
        }

        Share(videos[0].Id, 0).ShouldBeGreaterThan(3 * Share(videos[11].Id, 0)); // so the balance is not that of a uniform draw
    }

    [Fact]
    public void The_mix_is_drawn_as_asked_and_as_feasibility_foretells()
    {
        StoredVideo[] videos = [.. Enumerable.Range(0, 10).Select(i => MemoryStore.Video($"v{i}", i < 2 ? 10 : i < 5 ? 30 : 200))];
        var mix = new PairMix(2, 1, 1);
        var feasibility = PairFeasibility.Of(videos, new(), new());
        feasibility.TooShort.Select(v => v.Id).ShouldBe(["v0", "v1"]);
        feasibility.WithoutHard.Select(v => v.Id).ShouldBe(["v2", "v3", "v4"]);
        feasibility.WithoutSuperHard.Select(v => v.Id).ShouldBe(["v2", "v3", "v4"]);
        var requests = PairSampler.Epoch(videos, new(), new(), mix, 1, 0, 40_000);
        double Share(PairKind kind) => requests.Count(r => r.Audio[1].Kind == kind) / 40_000.0;
        var expected = feasibility.Realised(mix);
        Share(PairKind.Easy).ShouldBe(expected.Easy, 0.01);
        Share(PairKind.Hard).ShouldBe(expected.Hard, 0.01);
        Share(PairKind.SuperHard).ShouldBe(expected.SuperHard, 0.01);
        expected.Hard.ShouldBe(0.25 * 5 / 8, 1e-12);
        feasibility.Describe(mix).ShouldBe(
            "8 videos serve clips; 2 shorter than one clip are left out; 3 too short for a hard negative get easy ones; 3 too short for a super-hard negative get easy ones.");
        requests.ShouldAllBe(r => r.Video.FrameCount > 10);
    }

    [Fact]
    public void A_clip_longer_than_every_video_names_the_longest_and_both_durations()
    {
        var message = Should.Throw<UsageException>(() => PairSampler.Epoch(
            [MemoryStore.Video("a", 20), MemoryStore.Video("b", 24)], new(), new(), PairMix.EasyOnly, 0, 0, 5)).Message;
        message.ShouldContain("b.mp4");
        message.ShouldContain("0.96 s");
        message.ShouldContain("25 frames, 1 s");
    }

    [Fact]
    public void Impossible_wishes_are_refused_with_their_reason()
    {
        Should.Throw<UsageException>(() => PairSampler.Epoch([], new(), new(), PairMix.EasyOnly, 0, 0, 5));
        Should.Throw<UsageException>(() => PairSampler.Epoch(MemoryStore.Videos(1), new(), new(), PairMix.EasyOnly, 0, 0, 5)).Message.ShouldContain("another video");
        Should.Throw<UsageException>(() => PairSampler.Epoch(MemoryStore.Videos(3, 40), new(), new(), new PairMix(1, 1, 0), 0, 0, 5)).Message.ShouldContain("hard negative");
        Should.Throw<UsageException>(() => PairSampler.Epoch(MemoryStore.Videos(3), new(), new(), new PairMix(0, 0, 0), 0, 0, 5));
        Should.Throw<UsageException>(() => PairSampler.Epoch(MemoryStore.Videos(3), new(), new(), new PairMix(1, -1, 1), 0, 0, 5));
        Should.Throw<UsageException>(() => PairSampler.Epoch([.. MemoryStore.Videos(2), MemoryStore.Video("v001")], new(), new(), PairMix.EasyOnly, 0, 0, 5)).Message.ShouldContain("twice");
        PairSampler.Epoch(MemoryStore.Videos(1), new(), new(), new PairMix(0, 1, 1), 0, 0, 5).Count.ShouldBe(5); // one video serves hard negatives
    }

    [Theory]
    [InlineData("25", "16", "25/2 and 25")]
    [InlineData("30000/1001", "25", "15000/1001 and 30000/1001")]
    [InlineData("25", "30", "fastest valid rate is 25")]
    public void A_frame_rate_that_does_not_divide_the_stores_names_the_nearest_valid_ones(string stored, string clip, string named)
    {
        Rational.TryParse(stored, out var from).ShouldBeTrue();
        Rational.TryParse(clip, out var to).ShouldBeTrue();
        var message = Should.Throw<UsageException>(() => ClipGrid.StepBetween(from, to)).Message;
        message.ShouldContain(named);
        message.ShouldContain(stored);
        message.ShouldContain(clip);
        ClipGrid.StepBetween(from, from / 4).ShouldBe(4);
    }

    [Fact]
    public void Pairs_are_numbered_without_gap_or_repetition() =>
        Gen.Select(Gen.Int[1, 120], Gen.Int[1, 60], Gen.Bool).Sample((frames, gap, overlap) =>
        {
            var grid = ClipGrid.Of(MemoryStore.Video("a", frames), new ClipOptions { Frames = 1, AudioSeconds = new Rational(1, 25) });
            var pairs = WindowPairs.Of(grid, new PairOptions { GapSeconds = new Rational(gap, 25), AllowOverlap = overlap }, PairKind.Hard);
            var expected = new HashSet<(int, int)>();
            for (var a = 0; a < grid.Starts; a++)
            {
                for (var b = a + gap; b < grid.Starts; b++)
                {
                    expected.Add((a, b));
                }
            }

            pairs.Count.ShouldBe(expected.Count);
            for (var i = 0L; i < pairs.Count; i++)
            {
                expected.Remove(pairs.At(i)).ShouldBeTrue();
            }
        });
}
