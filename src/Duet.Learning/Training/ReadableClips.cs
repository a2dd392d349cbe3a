using Duet.Data.Clips;
using Duet.Learning.Models;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>
/// What of a batch networks may see. The loader puts black frames and silence where a clip could not be read; in training they would shift the statistics of
/// batch normalisation, of this step and of the network that is saved, though no loss is taken of them. So they are left out before the first layer.
/// </summary>
internal static class ReadableClips
{
    /// <summary>The places of the clips to take.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="network">The network: where its batch normalisation measures, it needs two clips, so one that is left alone is left out as well.</param>
    public static long[] Of(ClipBatch batch, nn.Module network)
    {
        var kept = batch.Readable();
        return kept.Length == 1 && batch.Count > 1 && network.modules().Any(m => m is BatchNormalisation { training: true }) ? [] : kept;
    }

    /// <summary>The rows of an input that belong to them; the input itself where that is all.</summary>
    public static Tensor Rows(Tensor input, long[] kept) => kept.Length == input.shape[0] ? input : input.index_select(0, tensor(kept).SentTo(input.device));

    /// <summary>The loss where there is nothing to learn from: 0, with a graph that leads to every parameter and through no layer.</summary>
    public static Tensor NoLoss(nn.Module network) => network.parameters().Where(p => p.requires_grad).Select(p => p.sum()).Aggregate((a, b) => a.Plus(b)).Times(0);
}
