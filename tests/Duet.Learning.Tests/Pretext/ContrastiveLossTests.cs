using Duet.Data.Randomness;
using Duet.Learning.Pretext.Avts;
using Shouldly;
using TorchSharp;
using Xunit;

namespace Duet.Learning.Tests.Pretext;

public sealed class ContrastiveLossTests
{
    /// <summary>Pairs, dimensions, margin and scale of the embeddings: from far inside the margin to far outside.</summary>
    public static TheoryData<int, int, double, double> Grid()
    {
        var grid = new TheoryData<int, int, double, double>();
        foreach (var pairs in new[] { 2, 6, 32 })
        {
            foreach (var dimensions in new[] { 1, 3, 64 })
            {
                foreach (var margin in new[] { 0.99, 0.2, 5.0 })
                {
                    foreach (var scale in new[] { 0.01, 0.3, 4.0 })
                    {
                        grid.Add(pairs, dimensions, margin, scale);
                    }
                }
            }
        }

        return grid;
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void It_equals_the_formula_written_out(int pairs, int dimensions, double margin, double scale)
    {
        var (video, audio, inSync) = Draw(pairs, dimensions, scale);
        using var scope = torch.NewDisposeScope();
        ContrastiveLoss.Of(ToTensor(video), ToTensor(audio), torch.tensor(inSync), margin).ToDouble().ShouldBe(Naive(video, audio, inSync, margin), 1e-9);
    }

    [Theory]
    [InlineData(6, 3, 0.99, 0.3)]
    [InlineData(4, 8, 5.0, 1.0)]
    [InlineData(4, 2, 0.2, 0.02)]
    public void Its_gradient_is_the_difference_quotient(int pairs, int dimensions, double margin, double scale)
    {
        var (video, audio, inSync) = Draw(pairs, dimensions, scale);
        using var scope = torch.NewDisposeScope();
        var v = ToTensor(video).requires_grad_();
        var a = ToTensor(audio).requires_grad_();
        ContrastiveLoss.Of(v, a, torch.tensor(inSync), margin).backward();
        const double H = 1e-6;
        for (var i = 0; i < pairs; i++)
        {
            for (var k = 0; k < dimensions; k++)
            {
                var saved = video[i][k];
                video[i][k] = saved + H;
                var up = Naive(video, audio, inSync, margin);
                video[i][k] = saved - H;
                var down = Naive(video, audio, inSync, margin);
                video[i][k] = saved;
                v.grad![i, k].ToDouble().ShouldBe((up - down) / (2 * H), 1e-6);
                a.grad![i, k].ToDouble().ShouldBe(-(up - down) / (2 * H), 1e-6); // the loss depends on the difference alone
            }
        }
    }

    [Fact]
    public void Equal_embeddings_have_a_finite_gradient()
    {
        using var scope = torch.NewDisposeScope();
        var v = torch.ones([2, 4]).requires_grad_();
        var a = torch.ones([2, 4]);
        var loss = ContrastiveLoss.Of(v, a, torch.tensor(new[] { 1f, 0f }), 0.99);
        loss.backward();
        loss.ToDouble().ShouldBe(0.99 * 0.99 / 2, 1e-6);
        v.grad!.abs().max().ToDouble().ShouldBe(0);
    }

    [Fact]
    public void A_denormal_distance_has_a_finite_gradient()
    {
        using var scope = torch.NewDisposeScope();
        var v = torch.full([1, 4], 1e-20f).requires_grad_();
        ContrastiveLoss.Of(v, torch.zeros([1, 4]), torch.zeros([1]), 0.99).backward();
        v.grad!.isfinite().all().ToBoolean().ShouldBeTrue();
        v.grad!.norm().ToDouble().ShouldBe(2 * 0.99, 1e-2); // unit direction, pushed apart with the full slope
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        Should.Throw<ArgumentException>(() => ContrastiveLoss.Of(torch.zeros([2, 3]), torch.zeros([2, 4]), torch.zeros([2]), 1));
        Should.Throw<ArgumentException>(() => ContrastiveLoss.Of(torch.zeros([2, 3]), torch.zeros([2, 3]), torch.zeros([3]), 1));
        Should.Throw<ArgumentException>(() => ContrastiveLoss.Of(torch.zeros([2, 3]), torch.zeros([2, 3]), torch.zeros([2]), 0));
    }

    private static double Naive(double[][] video, double[][] audio, double[] inSync, double margin)
    {
        var sum = 0.0;
        for (var i = 0; i < video.Length; i++)
        {
            var distance = Math.Sqrt(video[i].Zip(audio[i], (v, a) => (v - a) * (v - a)).Sum());
            sum += inSync[i] == 1 ? distance * distance : Math.Pow(Math.Max(margin - distance, 0), 2);
        }

        return sum / video.Length;
    }

    private static (double[][] Video, double[][] Audio, double[] InSync) Draw(int pairs, int dimensions, double scale)
    {
        var random = new KeyedRandom(7, pairs, $"{dimensions}/{scale}", "loss");
        double[][] Matrix() => [.. Enumerable.Range(0, pairs).Select(_ => Enumerable.Range(0, dimensions).Select(_ => scale * random.NextNormal()).ToArray())];
        return (Matrix(), Matrix(), [.. Enumerable.Range(0, pairs).Select(i => i % 2 == 0 ? 1.0 : 0.0)]);
    }

    private static torch.Tensor ToTensor(double[][] rows) => torch.tensor(rows.SelectMany(r => r).ToArray(), [rows.Length, rows[0].Length]);
}
