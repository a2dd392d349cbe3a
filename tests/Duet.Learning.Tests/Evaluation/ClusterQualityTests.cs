using System.Text.Json;
using CsCheck;
using Duet.Learning.Evaluation;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Evaluation;

public sealed class ClusterQualityTests
{
    [Fact]
    public void Equals_scikit_learn()
    {
        using var cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "cluster_quality.json")));
        cases.RootElement.GetArrayLength().ShouldBe(7);
        foreach (var c in cases.RootElement.EnumerateArray())
        {
            var (a, b) = Groupings(c.GetProperty("n").GetInt32(), c.GetProperty("ka").GetInt32(), c.GetProperty("kb").GetInt32(), c.GetProperty("mix").GetInt32());
            ClusterQuality.NormalisedMutualInformation(a, b).ShouldBe(c.GetProperty("nmi").GetDouble(), 1e-12);
            ClusterQuality.Purity(a, b).ShouldBe(c.GetProperty("purity").GetDouble(), 1e-12);
            ClusterQuality.EntropyBits(Sizes(a)).ShouldBe(c.GetProperty("entropy_bits").GetDouble(), 1e-12);
        }
    }

    [Fact]
    public void Mutual_information_has_no_direction_and_no_names() =>
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 3]).Array[1, 60].Sample(items =>
        {
            int[] a = [.. items.Select(i => i.Item1)];
            int[] b = [.. items.Select(i => i.Item2)];
            var nmi = ClusterQuality.NormalisedMutualInformation(a, b);
            nmi.ShouldBeInRange(0, 1);
            ClusterQuality.NormalisedMutualInformation(b, a).ShouldBe(nmi, 1e-12);
            ClusterQuality.NormalisedMutualInformation([.. a.Select(x => 10 - x)], b).ShouldBe(nmi, 1e-12);
            ClusterQuality.NormalisedMutualInformation(a, a).ShouldBe(1, 1e-12);
            ClusterQuality.Purity(a, a).ShouldBe(1);
            ClusterQuality.Purity(a, b).ShouldBeGreaterThanOrEqualTo((double)Sizes(b).Max() / b.Length);
        });

    [Fact]
    public void Sizes_tell_balance()
    {
        ClusterQuality.EntropyBits([5, 5, 5, 5]).ShouldBe(2, 1e-12);
        ClusterQuality.NormalisedEntropy([5, 5, 5, 5]).ShouldBe(1, 1e-12);
        ClusterQuality.Imbalance([5, 5, 5, 5]).ShouldBe(1, 1e-12);
        ClusterQuality.EntropyBits([0, 20, 0, 0]).ShouldBe(0);
        ClusterQuality.NormalisedEntropy([0, 20, 0, 0]).ShouldBe(0);
        ClusterQuality.Imbalance([0, 20, 0, 0]).ShouldBe(4, 1e-12);
        ClusterQuality.NormalisedEntropy([3]).ShouldBe(1);
        ClusterQuality.Imbalance([1, 3]).ShouldBe(2 * 10 / 16.0, 1e-12);
    }

    [Fact]
    public void Groupings_of_different_items_are_refused()
    {
        Should.Throw<ArgumentException>(() => ClusterQuality.NormalisedMutualInformation([0, 1], [0]));
        Should.Throw<ArgumentException>(() => ClusterQuality.NormalisedMutualInformation([], []));
        Should.Throw<ArgumentException>(() => ClusterQuality.Purity([0, -1], [0, 0]));
    }

    private static int[] Sizes(int[] groups) => [.. Enumerable.Range(0, groups.Max() + 1).Select(g => groups.Count(x => x == g))];

    private static (int[] A, int[] B) Groupings(int n, int ka, int kb, int mix)
    {
        var (a, b) = (new int[n], new int[n]);
        for (long i = 0; i < n; i++)
        {
            a[i] = (int)(((i * i / 3) + (i * mix)) % ka);
            b[i] = (int)(i % mix == 0 ? ((i * 7) + (i / 5)) % kb : a[i] % kb);
        }

        return (a, b);
    }
}
