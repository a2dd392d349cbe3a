using Duet.Learning.Audio;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Audio;

public sealed class LogMelStatisticsTests
{
    [Fact]
    public void Gives_mean_deviation_maximum_and_difference_of_each_band()
    {
        using var scope = torch.NewDisposeScope();
        // Two clips of three frames of two bands.
        var mels = torch.tensor(new float[] { 1, 10, 3, 10, 8, 10, 0, 0, 0, 6, 0, 0 }).reshape(2, 1, 3, 2);
        var values = LogMelStatistics.Of(mels);
        values.shape.ShouldBe([2, 8]);
        double[] wanted =
        [
            4, 10, Math.Sqrt(26 / 3.0), 0, 8, 10, 3.5, 0,
            0, 2, 0, Math.Sqrt(8), 0, 6, 0, 6,
        ];
        values.flatten().data<float>().ToArray().Zip(wanted).ShouldAllBe(p => Math.Abs(p.First - p.Second) < 1e-5);
    }

    [Fact]
    public void A_single_frame_does_not_differ_from_another()
    {
        using var scope = torch.NewDisposeScope();
        LogMelStatistics.Of(torch.tensor(new float[] { 2, 5 }).reshape(1, 1, 1, 2)).flatten().data<float>().ToArray().ShouldBe([2, 5, 0, 0, 2, 5, 0, 0]);
    }
}
