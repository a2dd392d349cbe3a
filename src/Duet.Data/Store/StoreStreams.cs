namespace Duet.Data.Store;

/// <summary>What every video of a store has.</summary>
public enum StoreStreams
{
    /// <summary>Pictures and sound on one clock; a file that lacks one is quarantined.</summary>
    Both,

    /// <summary>Sound only: files of sound, and the sound of videos, whose pictures are not converted.</summary>
    Audio,

    /// <summary>Pictures only; a video's sound is not converted.</summary>
    Video,

    /// <summary>Whatever a file has of the two.</summary>
    Any,
}
