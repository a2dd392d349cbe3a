namespace Duet.Learning.Models;

/// <summary>What an encoder looks at.</summary>
public enum Modality
{
    /// <summary>Clips of frames, <c>[batch, 3, time, height, width]</c>.</summary>
    Video,

    /// <summary>Log-mel spectrograms, <c>[batch, 1, time, mels]</c>.</summary>
    Audio,
}
