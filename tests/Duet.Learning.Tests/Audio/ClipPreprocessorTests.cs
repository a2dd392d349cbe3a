using Duet.Data.Clips;
using Duet.Data.Randomness;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Native;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Audio;

public sealed class ClipPreprocessorTests
{
    private static readonly LogMelOptions Plain = new() { Normalisation = SpectrogramNormalisation.None };

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 2, 5)]
    [InlineData(2, 3, 24)]
    [InlineData(3, 4, 96)] // more than one chunk, so that several cores share the work
    public void Video_is_normalised_and_channels_last(int count, int frames, int size)
    {
        var clip = new ClipOptions { Mean = [0.1, 0.2, 0.3], Std = [0.5, 0.25, 0.125] };
        using var batch = Batch(count, frames, size, 0, 0);
        using var preprocessor = new ClipPreprocessor(clip, Plain, null, torch.CPU);
        using var scope = torch.NewDisposeScope();
        var video = preprocessor.Video(batch);
        var bytes = batch.Frames.ToArray();
        Array.Clear(batch.Frames); // the loader takes its memory back: the tensor must not look at it any more

        video.shape.ShouldBe([count, 3, frames, size, size]);
        video.stride().ShouldBe([3L * frames * size * size, 1, 3L * size * size, 3L * size, 3]);
        var plain = video.contiguous().data<float>().ToArray();
        var at = 0;
        for (var n = 0; n < count; n++)
        {
            for (var c = 0; c < 3; c++)
            {
                for (var t = 0; t < frames; t++)
                {
                    for (var p = 0; p < size * size; p++, at++)
                    {
                        var expected = ((bytes[((((n * frames) + t) * size * size) + p) * 3 + c] / 255.0) - clip.Mean[c]) / clip.Std[c];
                        if (Math.Abs(plain[at] - expected) > 1e-5)
                        {
                            Assert.Fail($"clip {n}, channel {c}, frame {t}, pixel {p}: {plain[at]} instead of {expected}");
                        }
                    }
                }
            }
        }
    }

    /// <summary>A GPU is sent bytes and normalises them itself: the same arithmetic, tried here on the CPU.</summary>
    [Fact]
    public void Bytes_are_normalised_on_a_device_as_they_are_on_the_way_to_a_cpu()
    {
        var clip = new ClipOptions { Mean = [0.1, 0.2, 0.3], Std = [0.5, 0.25, 0.125] };
        using var batch = Batch(2, 3, 24, 0, 0);
        using var preprocessor = new ClipPreprocessor(clip, Plain, null, torch.CPU);
        using var scope = torch.NewDisposeScope();
        var bytes = torch.tensor(batch.Frames.AsSpan(0, 2 * 3 * 24 * 24 * 3).ToArray()).reshape(2, 3, 24, 24, 3);
        var sent = preprocessor.Normalised(bytes.SentTo(torch.CPU)).permute(0, 4, 1, 2, 3);
        (sent - preprocessor.Video(batch)).abs().max().item<float>().ShouldBeLessThan(2e-6f);
    }

    [Fact]
    public void Every_sample_value_becomes_its_share_of_full_scale()
    {
        var source = Enumerable.Range(short.MinValue, 65_536).Select(i => (short)i).Append((short)7).ToArray();
        var result = new float[source.Length];
        PixelKernel.ToUnit(source, result);
        for (var i = 0; i < source.Length; i++)
        {
            if (result[i] != source[i] / 32768f)
            {
                Assert.Fail($"{source[i]} became {result[i]}");
            }
        }
    }

    [Fact]
    public void Audio_takes_the_window_that_is_asked_for()
    {
        using var batch = Batch(2, 0, 8, 2, 3200);
        var statistics = new SpectrogramStatistics { Mean = [1.5], Std = [4], Clips = 1 };
        using var preprocessor = new ClipPreprocessor(new ClipOptions(), Plain with { Normalisation = SpectrogramNormalisation.Global }, statistics, torch.CPU);
        using var logMel = new LogMel(Plain, torch.CPU);
        using var scope = torch.NewDisposeScope();
        for (var window = 0; window < 2; window++)
        {
            var mels = preprocessor.Audio(batch, window);
            mels.shape.ShouldBe([2, 1, 20, 40]);
            for (var i = 0; i < 2; i++)
            {
                var pcm = batch.Samples.AsSpan(((i * 2) + window) * 3200, 3200).ToArray().Select(s => s / 32768f).ToArray();
                var expected = (logMel.Forward(torch.tensor(pcm).unsqueeze(0)) - 1.5) / 4;
                torch.allclose(mels[i], expected[0], 1e-4, 1e-4).ShouldBeTrue();
            }
        }

        var all = preprocessor.AudioOfAllWindows(batch);
        all.shape.ShouldBe([4, 1, 20, 40]);
        torch.allclose(all[3], preprocessor.Audio(batch, 1)[1], 1e-5, 1e-5).ShouldBeTrue();
        torch.allclose(all[2], preprocessor.Audio(batch, 0)[1], 1e-5, 1e-5).ShouldBeTrue();
        Should.Throw<ArgumentOutOfRangeException>(() => preprocessor.Audio(batch, 2));
        Should.Throw<ArgumentException>(() => preprocessor.Video(batch)).Message.ShouldContain("sound only");
    }

    [Theory]
    [InlineData(SpectrogramNormalisation.PerBin)]
    [InlineData(SpectrogramNormalisation.Global)]
    public void Measured_statistics_are_those_of_all_readable_clips(SpectrogramNormalisation normalisation)
    {
        var options = Plain with { Normalisation = normalisation, MelBins = 8 };
        using var failed = Batch(3, 0, 8, 1, 3200, failed: 1);
        using var other = Batch(1, 0, 8, 1, 3200, seed: 5);
        using var scope = torch.NewDisposeScope();
        using var logMel = new LogMel(options, torch.CPU);
        float[] Unit(ClipBatch b, int i) => b.Samples.AsSpan(i * 3200, 3200).ToArray().Select(s => s / 32768f).ToArray();
        var rows = torch.cat([.. new[] { Unit(failed, 0), Unit(failed, 2), Unit(other, 0) }.Select(u => logMel.Forward(torch.tensor(u).unsqueeze(0)).reshape(-1, 8))]).to_type(torch.ScalarType.Float64);
        rows = normalisation == SpectrogramNormalisation.Global ? rows.reshape(-1, 1) : rows;
        var mean = rows.mean([0]).data<double>().ToArray();
        var std = rows.std(0, unbiased: false).data<double>().ToArray();

        var statistics = ClipPreprocessor.Measure([failed, other], options, torch.CPU);
        statistics!.Clips.ShouldBe(3);
        statistics.Fits(options).ShouldBeTrue();
        statistics.Mean.Count.ShouldBe(mean.Length);
        for (var b = 0; b < mean.Length; b++)
        {
            statistics.Mean[b].ShouldBe(mean[b], 1e-6);
            statistics.Std[b].ShouldBe(std[b], 1e-6);
        }
    }

    [Fact]
    public void Nothing_is_measured_where_nothing_is_normalised() => ClipPreprocessor.Measure([], Plain, torch.CPU).ShouldBeNull();

    [Fact]
    public void Statistics_that_do_not_fit_are_refused()
    {
        var options = new LogMelOptions();
        Should.Throw<ArgumentException>(() => new ClipPreprocessor(new ClipOptions(), options, null, torch.CPU)).Message.ShouldContain("40 mel bins");
        var single = new SpectrogramStatistics { Mean = [0], Std = [1], Clips = 1 };
        Should.Throw<ArgumentException>(() => new ClipPreprocessor(new ClipOptions(), options, single, torch.CPU));
    }

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        using var batch = Batch(2, 2, 8, 1, 3200);
        using var preprocessor = new ClipPreprocessor(new ClipOptions(), Plain, null, torch.CPU);
        void Once()
        {
            preprocessor.Video(batch).Dispose();
            preprocessor.Audio(batch, 0).Dispose();
        }

        Once();
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Once();
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.ShouldBe(before);
    }

    private static ClipBatch Batch(int count, int frames, int size, int windows, int samples, int? failed = null, long seed = 0)
    {
        var video = new StoredVideo
        {
            Id = new string('a', 32),
            SourcePath = "a.mp4",
            FrameCount = 100,
            FrameRate = 25,
            Width = size,
            Height = size,
            SampleRate = 16_000,
            SampleCount = 64_000,
            Shard = 0,
            JsonOffset = 0,
            JsonLength = 0,
            FramesOffset = 0,
            FramesLength = 0,
            SamplesOffset = 0,
        };
        var request = new ClipRequest
        {
            Video = video,
            FirstFrame = 0,
            FrameCount = frames,
            Crop = new CropBox(0, 0, size, size, false),
            Audio = [.. Enumerable.Range(0, windows).Select(w => new AudioWindow(video, 0, samples, PairKind.Positive))],
        };
        var random = new KeyedRandom(seed, 0, "batch", "test");
        var pixels = new byte[(count * frames * size * size * 3) + 11]; // pooled arrays are longer than what is valid
        var sound = new short[(count * windows * samples) + 11];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)random.NextInteger(256);
        }

        for (var i = 0; i < sound.Length; i++)
        {
            sound[i] = (short)(random.NextInteger(20_000) - 10_000);
        }

        IReadOnlyList<SampleFailure> failures = failed is { } index ? [new SampleFailure(index, video.Id, "test")] : [];
        return new ClipBatch([.. Enumerable.Repeat(request, count)], size, pixels, sound, failures, null);
    }
}
