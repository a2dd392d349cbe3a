using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Avts;

/// <summary>
/// The contrastive loss of AVTS (arXiv 1807.00230, the loss of section 3; Hadsell, Chopra and LeCun 2006):
/// <c>E = 1/N * sum_n [ y_n * d_n^2 + (1 - y_n) * max(margin - d_n, 0)^2 ]</c> with <c>d = |f_v - f_a|_2</c> and N the number of
/// pairs. A clip gives one pair in sync and one out of sync, so over B clips N = 2B: this is also what SlowFast's audio-visual
/// variant writes as <c>1/(2B) * sum</c>. Losses with a further 1/2 before each term are half of it, which for SGD is half the learning rate.
/// </summary>
public static class ContrastiveLoss
{
    /// <summary>The l2 distance of each row, with a gradient that is finite everywhere: zero where the rows are equal.</summary>
    /// <param name="first"><c>[pairs, dimensions]</c>.</param>
    /// <param name="second"><c>[pairs, dimensions]</c>.</param>
    /// <returns><c>[pairs]</c>.</returns>
    public static Tensor Distance(Tensor first, Tensor second) => Root(SquaredDistance(first, second));

    /// <summary>The loss over pairs.</summary>
    /// <param name="first">One modality's embeddings, <c>[pairs, dimensions]</c>.</param>
    /// <param name="second">The other's, <c>[pairs, dimensions]</c>.</param>
    /// <param name="inSync">1 for a pair in sync, 0 for one that is not, <c>[pairs]</c>.</param>
    /// <param name="margin">Distance from which a pair out of sync costs nothing, above 0.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes don't fit together.</exception>
    public static Tensor Of(Tensor first, Tensor second, Tensor inSync, double margin)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(inSync);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(margin);
        if (first.dim() != 2 || !first.shape.SequenceEqual(second.shape) || inSync.dim() != 1 || inSync.shape[0] != first.shape[0])
        {
            throw new ArgumentException(
                $"The loss takes two [pairs, dimensions] and one [pairs], not [{string.Join(", ", first.shape)}], [{string.Join(", ", second.shape)}] and [{string.Join(", ", inSync.shape)}].");
        }

        var squared = SquaredDistance(first, second);
        var missing = Root(squared).SubtractedFrom(margin).AtLeast(0);
        return (inSync * squared).Plus(inSync.SubtractedFrom(1) * missing.Squared()).mean();
    }

    private static Tensor SquaredDistance(Tensor first, Tensor second) => (first - second).Squared().sum(1);

    private static Tensor Root(Tensor squared)
    {
        // sqrt's slope at 0 is infinite, and infinity times the zero that it meets on the way back is NaN: keep 0 away from it.
        var apart = squared.IsAbove(0);
        return where(apart, where(apart, squared, ones_like(squared)).sqrt(), zeros_like(squared));
    }
}
