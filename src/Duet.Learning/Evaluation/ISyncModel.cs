using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using TorchSharp;

namespace Duet.Learning.Evaluation;

/// <summary>What synchronisation is judged on: two embeddings and how far apart they are. Called in evaluation mode, without gradients.</summary>
public interface ISyncModel
{
    /// <summary>What a clip is.</summary>
    ClipOptions Clip { get; }

    /// <summary>What a negative is.</summary>
    PairOptions Pairs { get; }

    /// <summary>What a spectrogram is.</summary>
    LogMelOptions Spectrogram { get; }

    /// <summary>The networks, by whose size the batch is chosen.</summary>
    IReadOnlyList<Encoder> Encoders { get; }

    /// <summary>Embeds a batch's frames.</summary>
    /// <param name="batch">Clips with frames.</param>
    /// <returns><c>[batch, embedding]</c>.</returns>
    torch.Tensor EmbedVideo(ClipBatch batch);

    /// <summary>Embeds all of a batch's stretches of sound.</summary>
    /// <param name="batch">Clips with sound.</param>
    /// <returns><c>[batch * windows, embedding]</c>, clip by clip.</returns>
    torch.Tensor EmbedAudio(ClipBatch batch);

    /// <summary>How far from in sync each pair seems: small is in sync.</summary>
    /// <param name="video"><c>[pairs, embedding]</c>.</param>
    /// <param name="audio"><c>[pairs, embedding]</c>.</param>
    /// <returns><c>[pairs]</c>.</returns>
    torch.Tensor Distance(torch.Tensor video, torch.Tensor audio);
}
