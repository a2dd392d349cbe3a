using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Training;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Evaluation;

public sealed class FeatureExtractorTests
{
    private static readonly ClipOptions Clip = new() { Frames = 4, Size = LevelStore.Side, AudioSeconds = new Rational(10, 25), Scales = [1] };
    private static readonly LogMelOptions Spectrogram = new() { Normalisation = SpectrogramNormalisation.None };
    private static readonly StoredVideo[] Videos = [.. Enumerable.Range(0, 7).Select(i => LevelStore.Video($"v{i}", 40))];

    [Theory]
    [InlineData("mc3_18")]
    [InlineData("r2plus1d_18")]
    [InlineData("vgg_m")]
    [InlineData("resnet18_audio")]
    public void Layers_of_one_pass_are_those_of_their_own_passes(string name)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        using var encoder = EncoderRegistry.Create(new EncoderOptions { Name = name, Width = 0.125 }, 3);
        encoder.eval();
        var input = torch.randn(encoder.Modality == Modality.Video ? [2, 3, 4, 16, 16] : [2, 1, 40, 40], generator: new torch.Generator(1));
        string[] layers = ["conv5", "conv1", "conv3", "conv1"];
        var maps = encoder.ForwardTo(input, layers);
        foreach (var (layer, map) in layers.Zip(maps))
        {
            torch.allclose(map, encoder.ForwardTo(input, layer), 0, 0).ShouldBeTrue(layer);
        }
    }

    [Fact]
    public void Poolings_are_what_their_names_say()
    {
        var taps = new[] { FeaturePooling.Average, FeaturePooling.Max, FeaturePooling.Flatten };
        using var video = EncoderRegistry.Create(new EncoderOptions { Name = "mc3_18", Width = 0.125, Stages = 3 }, 3);
        using var audio = EncoderRegistry.Create(new EncoderOptions { Name = "vgg_m", Width = 0.125 }, 4);
        FeatureNetwork[] networks = [FeatureNetwork.Of(video), FeatureNetwork.Of(audio)];
        FeatureTap[] all = [.. networks.SelectMany(n => taps.SelectMany(p => new[] { "conv2", "conv3" }.Select(l => new FeatureTap(n, l, p))))];
        ClipRequest[] requests = [.. Videos.SelectMany(v => UniformClips.For(v, Clip, 2))];
        var read = Extract(new LevelStore(), all, requests, 5);
        read.RowOf.ShouldBe(Enumerable.Range(0, 14));

        // A naive second version: a clip at a time, and sums written out.
        using var preprocessor = new ClipPreprocessor(Clip, Spectrogram, null, torch.CPU);
        using var loader = new ClipLoader(new LevelStore(), Clip.Size, new ClipLoaderOptions { Workers = 1 });
        var row = 0;
        foreach (var clip in loader.Load(requests, 1, 0, TestContext.Current.CancellationToken))
        {
            using var own = clip;
            using var scope = torch.NewDisposeScope();
            using var none = torch.no_grad();
            for (var t = 0; t < all.Length; t++)
            {
                var encoder = all[t].Network.Encoder;
                var map = encoder.ForwardTo(encoder.Modality == Modality.Video ? preprocessor.Video(clip) : preprocessor.Audio(clip, 0), all[t].Layer);
                var (channels, places) = ((int)map.shape[1], (int)(map.numel() / map.shape[1]));
                var values = map.contiguous().data<float>().ToArray();
                double[] wanted = all[t].Pooling switch
                {
                    FeaturePooling.Average => [.. Enumerable.Range(0, channels).Select(c => values.Skip(c * places).Take(places).Sum(v => (double)v) / places)],
                    FeaturePooling.Max => [.. Enumerable.Range(0, channels).Select(c => (double)values.Skip(c * places).Take(places).Max())],
                    _ => [.. values.Select(v => (double)v)],
                };
                var got = read.Features[t].Row(row).ToArray();
                got.Length.ShouldBe(wanted.Length, $"{all[t].Layer} {all[t].Pooling}");
                var scale = wanted.Max(Math.Abs);
                scale.ShouldBeGreaterThan(0);
                for (var i = 0; i < got.Length; i++)
                {
                    ((double)got[i]).ShouldBe(wanted[i], 1e-5 * scale);
                }
            }

            row++;
        }
    }

    [Fact]
    public void What_cant_be_read_has_no_row_and_changes_nobody_elses()
    {
        using var encoder = EncoderRegistry.Create(new EncoderOptions { Name = "mc3_18", Width = 0.125, Stages = 2 }, 3);
        FeatureTap[] taps = [new(FeatureNetwork.Of(encoder), "conv2", FeaturePooling.Average)];
        ClipRequest[] requests = [.. Videos.SelectMany(v => UniformClips.FramesOnly(v, Clip, 2))];
        var whole = Extract(new LevelStore(), taps, requests, 4);
        var read = Extract(new LevelStore { Damaged = ["v1", "v6"] }, taps, requests, 4);
        read.Failures.Keys.Order().ShouldBe([2, 3, 12, 13]);
        read.Features[0].Rows.ShouldBe(10);
        read.RowOf.Where(r => r >= 0).ShouldBe(Enumerable.Range(0, 10));
        for (var i = 0; i < requests.Length; i++)
        {
            (read.RowOf[i] < 0).ShouldBe(i is 2 or 3 or 12 or 13);
            if (read.RowOf[i] >= 0)
            {
                ShouldBeClose(read.Features[0].Row(read.RowOf[i]).ToArray(), whole.Features[0].Row(i).ToArray());
            }
        }

        var nothing = Extract(new LevelStore { Damaged = [.. Videos.Select(v => v.Id)] }, taps, requests, 4);
        nothing.Features[0].Rows.ShouldBe(0);
        nothing.Failures.Count.ShouldBe(14);
    }

    [Fact]
    public void A_row_does_not_depend_on_the_batch_it_was_in()
    {
        using var encoder = EncoderRegistry.Create(new EncoderOptions { Name = "r2plus1d_18", Width = 0.25, Stages = 4 }, 3);
        FeatureTap[] taps = [new(FeatureNetwork.Of(encoder), "conv4", FeaturePooling.Max)];
        ClipRequest[] requests = [.. Videos.SelectMany(v => UniformClips.FramesOnly(v, Clip, 2))];
        var alone = Extract(new LevelStore(), taps, requests, 1);
        var together = Extract(new LevelStore(), taps, requests, 8);
        ShouldBeClose(together.Features[0].Values, alone.Features[0].Values);
    }

    [Fact]
    public void Diverged_networks_are_told()
    {
        using var encoder = EncoderRegistry.Create(new EncoderOptions { Name = "vgg_m", Width = 0.125 }, 3);
        using (torch.no_grad())
        {
            encoder.parameters().First().fill_(float.NaN);
        }

        FeatureTap[] taps = [new(FeatureNetwork.Of(encoder), "conv5", FeaturePooling.Average)];
        Should.Throw<TrainingException>(() => Extract(new LevelStore(), taps, [.. UniformClips.AudioOnly(Videos[2], Clip, 2)], 2)).Message.ShouldContain("conv5 features of clip v2/0");
    }

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        using var encoder = EncoderRegistry.Create(new EncoderOptions { Name = "mc3_18", Width = 0.125, Stages = 2 }, 3);
        FeatureTap[] taps = [new(FeatureNetwork.Of(encoder), "conv1", FeaturePooling.Max), new(FeatureNetwork.Of(encoder), "conv2", FeaturePooling.Average)];
        ClipRequest[] requests = [.. Videos.SelectMany(v => UniformClips.FramesOnly(v, Clip, 2))];
        Extract(new LevelStore { Damaged = ["v1"] }, taps, requests, 4);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Extract(new LevelStore { Damaged = ["v1"] }, taps, requests, 4);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.ShouldBe(before);
    }

    private static ExtractedFeatures Extract(LevelStore store, IReadOnlyList<FeatureTap> taps, IReadOnlyList<ClipRequest> requests, int batch)
    {
        using var preprocessor = new ClipPreprocessor(Clip, Spectrogram, null, torch.CPU);
        using var loader = new ClipLoader(store, Clip.Size, new ClipLoaderOptions { Workers = 2 });
        return new FeatureExtractor(preprocessor, loader, batch, null, TestContext.Current.CancellationToken).Extract("features", taps, requests);
    }

    private static void ShouldBeClose(float[] got, float[] wanted)
    {
        var scale = wanted.Max(Math.Abs);
        got.Length.ShouldBe(wanted.Length);
        got.Zip(wanted, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(1e-5f * scale);
    }
}
