using Duet.Learning.Models;
using Shouldly;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models;

public class NetworkCostTests
{
    /// <summary>torchvision's published numbers, with its classifier of 400 classes.</summary>
    [Theory]
    [InlineData("r2plus1d_18", 40.519)]
    [InlineData("r3d_18", 40.697)]
    [InlineData("mc3_18", 43.343)]
    public void CountsWhatTorchvisionPublishes(string name, double published) =>
        ((NetworkCost.ForwardMacs(new EncoderOptions { Name = name }, [16, 112, 112]) + (512 * 400)) / 1e9).ShouldBe(published, 0.001);

    public static TheoryData<string, double, int> Networks()
    {
        var data = new TheoryData<string, double, int>();
        foreach (var name in EncoderRegistry.Names)
        {
            data.Add(name, 1, 0);
            data.Add(name, 0.25, 0);
            data.Add(name, 0.3, 3);
        }

        return data;
    }

    /// <summary>The count and the network are written twice: their weights and the sizes of their maps have to be the same.</summary>
    [Theory]
    [MemberData(nameof(Networks))]
    public void DescribesTheNetworkThatIsBuilt(string name, double width, int stages)
    {
        var options = new EncoderOptions { Name = name, Width = width, Stages = stages };
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var encoder = EncoderRegistry.Create(options, 0);
        long[] size = encoder.Modality == Modality.Video ? [5, 34, 26] : [50, 40];
        var costs = NetworkCost.Convolutions(options, size);

        var kernels = encoder.named_parameters().Where(p => p.parameter.Dimensions > 1).ToArray();
        costs.Select(c => c.Weights).Order().ShouldBe(kernels.Select(k => k.parameter.numel()).Order());

        encoder.eval();
        string[] layers = [.. encoder.Layers.Select(l => l.Name)];
        var maps = encoder.ForwardTo(rand([1, encoder.Modality == Modality.Video ? 3 : 1, .. size]), layers);
        foreach (var (layer, map) in layers.Zip(maps))
        {
            var last = costs.Last(c => c.Layer == layer).Output;
            long[] pooled = name == "vgg_m" && layer is "conv1" or "conv2" or "conv5" && name == "vgg_m"
                ? [last[0], .. last.Skip(1).Select(s => ((s - 1) / 2) + 1)]
                : [.. last];
            pooled.ShouldBe(map.shape[1..], layer);
        }
    }

    [Fact]
    public void TrainingAddsTwoBackwardPassesButNoGradientOfTheInput()
    {
        var options = new EncoderOptions { Name = "vgg_m", Stages = 2, Width = 0.125 };

        // 8 maps of 10x8 from one, then 24 of 5x4 from 8, with kernels of 3x3.
        const long First = 8 * 9 * 10 * 8;
        const long Second = 24 * 8 * 9 * 5 * 4;
        NetworkCost.ForwardFlops(options, [10, 8]).ShouldBe(2 * (First + Second));
        NetworkCost.TrainingFlops(options, [10, 8]).ShouldBe(2 * ((2 * First) + (3 * Second)));
    }

    [Fact]
    public void RefusesWhatItCanNotCount()
    {
        Should.Throw<ArgumentException>(() => NetworkCost.ForwardMacs(new EncoderOptions { Name = "mc3_17" }, [8, 112, 112])).Message.ShouldContain("mc3_17");
        Should.Throw<ArgumentException>(() => NetworkCost.ForwardMacs(new EncoderOptions { Name = "mc3_18" }, [112, 112])).Message.ShouldContain("[time, height, width]");
        Should.Throw<ArgumentException>(() => NetworkCost.ForwardMacs(new EncoderOptions { Name = "vgg_m" }, [0, 40])).Message.ShouldContain("[0, 40]");
    }
}
