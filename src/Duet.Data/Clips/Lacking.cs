using System.Globalization;
using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>Says what a store of sound alone, or of pictures alone, lacks for a clip.</summary>
internal static class Lacking
{
    /// <summary>A clip of this video has frames.</summary>
    /// <exception cref="UsageException">It has none.</exception>
    public static void RequireFrames(StoredVideo video)
    {
        if (!video.HasFrames)
        {
            throw new UsageException($"The store has no pictures of {video.SourcePath}, only its sound. {IngestBoth}");
        }
    }

    /// <summary>A clip of this video has sound.</summary>
    /// <exception cref="UsageException">It has none.</exception>
    public static void RequireSound(StoredVideo video)
    {
        if (!video.HasSound)
        {
            throw new UsageException($"The store has no sound of {video.SourcePath}, only its pictures. {IngestBoth}");
        }
    }

    /// <summary>Clips of frames with their sound can be taken from some of the videos.</summary>
    /// <exception cref="UsageException">None has both.</exception>
    public static void RequireBoth(IReadOnlyList<StoredVideo> videos)
    {
        if (!videos.Any(v => v.HasFrames && v.HasSound))
        {
            var (sound, pictures) = (videos.Count(v => v.HasSound), videos.Count(v => v.HasFrames));
            var what = pictures == 0 ? "no pictures, only sound" : sound == 0 ? "no sound, only pictures" : "no video with both pictures and sound";
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"A clip is frames with their sound, but the store has {what} ({videos.Count} files). {IngestBoth}"));
        }
    }

    private const string IngestBoth = "Ingest videos that have both into a new store, with --streams both.";
}
