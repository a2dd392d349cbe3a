using Duet.Learning.Models;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Models;

public sealed class SharedProjectionHeadTests
{
    private static readonly HeadOptions Shared = new() { TimeBins = 4, SharedOverTime = true, Hidden = 8, Embedding = 3 };

    [Fact]
    public void A_shift_of_the_input_by_one_bin_shifts_the_embedding_by_one_bin()
    {
        using var scope = torch.NewDisposeScope();
        using var head = new ProjectionHead(5, Shared, 0, "video.head");
        var map = torch.randn([2, 5, 8, 3, 3], generator: new torch.Generator(1));
        var rolled = map.roll(2, 2); // two steps of time are one bin
        var expected = head.forward(map).reshape(2, 4, 3).roll(1, 1).flatten(1);
        head.forward(rolled).allclose(expected, 1e-5, 1e-6).ShouldBeTrue();
    }

    [Fact]
    public void Every_bin_goes_through_the_same_two_layers()
    {
        using var scope = torch.NewDisposeScope();
        using var head = new ProjectionHead(5, Shared, 0, "video.head");
        using var single = new ProjectionHead(5, Shared with { TimeBins = 1, SharedOverTime = false }, 0, "video.head");
        var map = torch.randn([2, 5, 8, 3], generator: new torch.Generator(1));
        var whole = head.forward(map).reshape(2, 4, 3);
        for (var bin = 0; bin < 4; bin++)
        {
            var alone = single.forward(map.narrow(2, 2 * bin, 2));
            whole.select(1, bin).allclose(alone, 1e-5, 1e-6).ShouldBeTrue($"bin {bin}");
        }
    }

    [Fact]
    public void The_normalised_head_yields_embeddings_of_one_length_and_of_the_size_it_says()
    {
        using var scope = torch.NewDisposeScope();
        var options = Shared with { BatchNorm = true, Normalise = EmbeddingNormalisation.L2, Scale = 0.5 };
        using var head = new ProjectionHead(5, options, 0, "audio.head");
        var embedding = head.forward(torch.randn([6, 5, 7, 3], generator: new torch.Generator(1)));
        embedding.shape.ShouldBe([6L, options.EmbeddingSize()]);
        embedding.norm(1).allclose(torch.full([6], 0.5f), 1e-4, 1e-5).ShouldBeTrue();
    }

    [Fact]
    public void A_batch_normalised_embedding_varies_in_every_dimension_whatever_the_weights()
    {
        using var scope = torch.NewDisposeScope();
        using var head = new ProjectionHead(5, Shared with { BatchNorm = true }, 0, "audio.head");
        head.train();
        var embedding = head.forward(torch.randn([16, 5, 8, 3], generator: new torch.Generator(1)) * 1e-3).reshape(-1, 3);
        embedding.std(0).min().ToDouble().ShouldBeGreaterThan(0.5);
    }
}
