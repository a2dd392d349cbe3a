using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Avts;

/// <summary>
/// The embeddings of a batch's pairs: each clip once with its own sound, then each clip once with the other sound. The clip is embedded
/// once; both sounds pass the audio network as one batch, so that its batch normalisation can't tell them apart.
/// </summary>
/// <param name="Video"><c>[2 * clips, embedding]</c>: the clips twice.</param>
/// <param name="Audio"><c>[2 * clips, embedding]</c>: the sounds in sync, then the others.</param>
/// <param name="InSync">1 for the first half, 0 for the second, <c>[2 * clips]</c>.</param>
/// <param name="Kept">The clips' places in the batch: all that could be read.</param>
internal sealed record PairBatch(Tensor Video, Tensor Audio, Tensor InSync, IReadOnlyList<long> Kept)
{
    /// <summary>How many clips.</summary>
    public int Clips => Kept.Count;

    /// <summary>Embeds a batch. Clips that could not be read take no part in what follows.</summary>
    public static PairBatch Embed(AvtsModel model, ClipPreprocessor preprocessor, ClipBatch batch, Device device)
    {
        var kept = batch.Readable();
        var clips = model.EmbedVideo(preprocessor.Video(batch));
        var sounds = model.EmbedAudio(cat([preprocessor.Audio(batch, 0), preprocessor.Audio(batch, 1)], 0));
        if (kept.Length < batch.Count)
        {
            clips = clips.index_select(0, tensor(kept).SentTo(device));
            sounds = sounds.index_select(0, tensor(kept.Concat(kept.Select(i => i + batch.Count)).ToArray()).SentTo(device));
        }

        var inSync = cat([ones(kept.Length, device: device), zeros(kept.Length, device: device)]);
        return new PairBatch(cat([clips, clips], 0), sounds, inSync, kept);
    }
}
