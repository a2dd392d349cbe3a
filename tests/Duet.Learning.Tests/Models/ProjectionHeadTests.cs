using Duet.Data;
using Duet.Learning.Models;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Models;

public sealed class ProjectionHeadTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(4, 4)]
    [InlineData(4, 25)]
    [InlineData(8, 3)]
    public void Bins_average_the_steps_that_they_cover(int bins, int steps)
    {
        using var scope = NewDisposeScope();
        const int Channels = 3;
        using var head = new ProjectionHead(Channels, new HeadOptions { TimeBins = bins, Hidden = 5, Embedding = 2 }, 1, "head");
        var map = randn([2, Channels, steps, 4, 3]);
        var state = head.state_dict();
        state.Keys.ShouldBe(["fc6.weight", "fc6.bias", "fc7.weight", "fc7.bias"], ignoreOrder: true);

        // The definition, step by step.
        var pooled = zeros([2, Channels, bins]);
        for (var b = 0; b < bins; b++)
        {
            var first = b * steps / bins;
            var end = (((b + 1) * steps) + bins - 1) / bins;
            var sum = zeros([2, Channels]);
            for (var t = first; t < end; t++)
            {
                sum += map[TensorIndex.Colon, TensorIndex.Colon, t].mean([2, 3]);
            }

            pooled[TensorIndex.Colon, TensorIndex.Colon, b] = sum / (end - first);
        }

        var hidden = (pooled.flatten(1).matmul(state["fc6.weight"].t()) + state["fc6.bias"]).clamp(min: 0);
        var expected = hidden.matmul(state["fc7.weight"].t()) + state["fc7.bias"];
        head.forward(map).allclose(expected, 1e-4, 1e-5).ShouldBeTrue();
    }

    [Fact]
    public void L2_and_scale_fix_the_length_and_batch_norm_adds_its_layer()
    {
        using var scope = NewDisposeScope();
        using var head = new ProjectionHead(4, new HeadOptions { Hidden = 8, Embedding = 6, Normalise = EmbeddingNormalisation.L2, Scale = 0.5, BatchNorm = true }, 1, "head");
        head.state_dict().Keys.ShouldContain("bn6.running_mean");
        var embedding = head.forward(randn([5, 4, 10, 3]));
        embedding.shape.ShouldBe([5, 6]);
        (embedding.norm(1) - 0.5).abs().max().ToDouble().ShouldBeLessThan(1e-6);
    }

    [Fact]
    public void Heads_of_one_run_start_apart_and_repeat_with_their_seed()
    {
        using var scope = NewDisposeScope();
        Tensor First(long seed, string key)
        {
            var head = new ProjectionHead(4, new HeadOptions(), seed, key);
            return head.state_dict()["fc6.weight"];
        }

        First(1, "video.head").equal(First(1, "video.head")).all().ToBoolean().ShouldBeTrue();
        First(1, "video.head").equal(First(1, "audio.head")).all().ToBoolean().ShouldBeFalse();
        First(1, "video.head").equal(First(2, "video.head")).all().ToBoolean().ShouldBeFalse();
    }

    [Fact]
    public void Wrong_maps_and_options_are_refused()
    {
        using var scope = NewDisposeScope();
        using var head = new ProjectionHead(4, new HeadOptions(), 0, "head");
        Should.Throw<ArgumentException>(() => head.forward(zeros([2, 3, 4, 4])));
        Should.Throw<UsageException>(() => new ProjectionHead(4, new HeadOptions { TimeBins = 0 }, 0, "head"));
        Should.Throw<UsageException>(() => new ProjectionHead(4, new HeadOptions { Scale = double.NaN }, 0, "head"));
    }
}
