using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Training;
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

    /// <summary>Embeds a batch. Clips that could not be read take no part: the networks don't see them.</summary>
    public static PairBatch Embed(AvtsModel model, ClipPreprocessor preprocessor, ClipBatch batch, Device device)
    {
        var kept = ReadableClips.Of(batch, model);
        if (kept.Length == 0)
        {
            return new PairBatch(zeros(0, device: device), zeros(0, device: device), zeros(0, device: device), kept);
        }

        var clips = model.EmbedVideo(ReadableClips.Rows(preprocessor.Video(batch), kept));
        var sounds = model.EmbedAudio(cat([ReadableClips.Rows(preprocessor.Audio(batch, 0), kept), ReadableClips.Rows(preprocessor.Audio(batch, 1), kept)], 0));
        var inSync = cat([ones(kept.Length, device: device), zeros(kept.Length, device: device)]);
        return new PairBatch(cat([clips, clips], 0), sounds, inSync, kept);
    }
}
