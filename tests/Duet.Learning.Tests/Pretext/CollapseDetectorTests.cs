using Duet.Learning.Pretext.Avts;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Pretext;

public sealed class CollapseDetectorTests
{
    [Fact]
    public void Spread_is_one_for_even_directions_and_zero_for_one_direction()
    {
        using var scope = torch.NewDisposeScope();
        var generator = new torch.Generator(3);
        CollapseDetector.Spread(torch.randn([4096, 32], generator: generator)).item<double>().ShouldBe(1, 0.02);
        CollapseDetector.Spread(torch.randn([4096, 32], generator: generator) * 1000).item<double>().ShouldBe(1, 0.02); // length does not count
        CollapseDetector.Spread(torch.ones([16, 32]) * torch.rand([16, 1], generator: generator)).item<double>().ShouldBe(0, 1e-3);
        CollapseDetector.Spread(torch.zeros([16, 32])).item<double>().ShouldBe(0);
    }

    [Fact]
    public void A_collapse_is_announced_once_per_stage_and_only_after_its_patience()
    {
        var detector = new CollapseDetector(threshold: 0.1, patience: 3);
        detector.Observe(0, 0.5, 0.05, 0.2).ShouldBeNull();
        detector.Observe(0, 0.5, 0.05, 0.2).ShouldBeNull();
        detector.Observe(0, 0.5, 0.5, 0.2).ShouldBeNull(); // recovered: counting starts again
        detector.Observe(0, 0.5, 0.05, 0.2).ShouldBeNull();
        detector.Observe(0, 0.5, 0.05, 0.2).ShouldBeNull();
        detector.Observe(0, 0.5, 0.05, 0.2)!.ShouldContain("audio embeddings");
        detector.Observe(0, 0.5, 0.05, 0.2).ShouldBeNull();
        detector.Observe(1, 0.01, 0.05, 0.2)!.ShouldContain("video and audio embeddings");
    }

    [Fact]
    public void A_restored_detector_goes_on_where_the_other_stood()
    {
        var detector = new CollapseDetector(0.1, 2);
        detector.Observe(0, 0, 0, 0);
        var restored = new CollapseDetector(0.1, 2);
        restored.Restore(detector.Low, detector.AnnouncedStage);
        restored.Observe(0, 0, 0, 0).ShouldNotBeNull();
    }

    [Fact]
    public void A_threshold_of_zero_never_warns()
    {
        var detector = new CollapseDetector(0, 1);
        detector.Observe(0, 0, 0, 0).ShouldBeNull();
    }
}
