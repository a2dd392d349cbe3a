using Duet.Data.Scenes;
using Duet.Data.Scenes.Sound;
using Shouldly;
using Xunit;

namespace Duet.Data.Tests.Scenes;

/// <summary>The kind must not be readable from averages: a nearest-centroid classifier on them stays far from right.</summary>
[Trait("Category", "Slow")]
public sealed class TrivialCueTests
{
    private const int PerKind = 16;
    private static readonly int Kinds = SceneKinds.All.Count;
    private static readonly SceneSetOptions Options = new() { Seconds = 3, Width = 32, Height = 24, FrameRate = 8, Seed = 21 };

    [Fact]
    public void MeanColourAndBrightnessDoNotNameTheKind() => HeldOutAccuracy(index =>
    {
        var sums = new double[5];
        var frames = 0;
        new Scene(Options, index).RenderFrames(frame =>
        {
            frames++;
            var pixels = frame.Span;
            for (var i = 0; i < pixels.Length; i++)
            {
                sums[i % 4] += pixels[i];
                sums[4] += (double)pixels[i] * pixels[i] / 255;
            }
        });
        return [sums[0] / frames, sums[1] / frames, sums[2] / frames, sums[4] / frames];
    }).ShouldBeLessThan(0.3);

    [Fact]
    public void MeanSpectrumAndLevelDoNotNameTheKind() => HeldOutAccuracy(index =>
    {
        var samples = new Scene(Options, index).RenderSamples();
        var features = new double[17];
        for (var band = 0; band < 16; band++)
        {
            var filter = Biquad.BandPass(100 * Math.Pow(2, band * 0.4), 3, Options.SampleRate);
            features[band] = Math.Log(samples.Sum(sample => Math.Pow(filter.Next(sample), 2)) + 1);
        }

        features[16] = Math.Log(samples.Sum(sample => Math.Pow(sample, 2)) + 1);
        return features;
    }).ShouldBeLessThan(0.45);

    /// <summary>Standardises on the first half of every kind's videos, and classifies the second half by the nearest mean.</summary>
    private static double HeldOutAccuracy(Func<int, double[]> describe)
    {
        var features = Enumerable.Range(0, PerKind * Kinds).AsParallel().AsOrdered().Select(describe).ToArray();
        var train = features[..(features.Length / 2)];
        for (var f = 0; f < features[0].Length; f++)
        {
            var mean = train.Average(x => x[f]);
            var deviation = Math.Sqrt(train.Average(x => Math.Pow(x[f] - mean, 2))) + 1e-9;
            foreach (var x in features)
            {
                x[f] = (x[f] - mean) / deviation;
            }
        }

        var centroids = Enumerable.Range(0, Kinds).Select(kind =>
        {
            var members = train.Where((_, i) => i % Kinds == kind).ToArray();
            return Enumerable.Range(0, features[0].Length).Select(f => members.Average(x => x[f])).ToArray();
        }).ToArray();
        var tested = Enumerable.Range(train.Length, features.Length - train.Length).ToArray();
        return tested.Count(i => Nearest(centroids, features[i]) == i % Kinds) / (double)tested.Length;
    }

    private static int Nearest(double[][] centroids, double[] point) =>
        Enumerable.Range(0, centroids.Length).MinBy(k => centroids[k].Zip(point, (a, b) => (a - b) * (a - b)).Sum());
}
