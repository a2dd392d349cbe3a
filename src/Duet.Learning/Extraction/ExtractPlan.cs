using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;

namespace Duet.Learning.Extraction;

/// <summary>Which clips of which videos, in what order and in which part: a function of the store and the options, the same in every process.</summary>
internal sealed class ExtractPlan
{
    private readonly ClipOptions clip;
    private readonly int clips;
    private readonly int perPart;

    /// <summary>Plans.</summary>
    /// <param name="videos">The videos, by id.</param>
    /// <param name="modality">What of them.</param>
    /// <param name="clip">What a clip is.</param>
    /// <param name="clips">Clips per video at most.</param>
    /// <param name="videosPerPart">Videos per part; 0 for one part.</param>
    public ExtractPlan(IReadOnlyList<StoredVideo> videos, ExtractModality modality, ClipOptions clip, int clips, int videosPerPart)
    {
        Videos = videos;
        Modality = modality;
        this.clip = clip;
        this.clips = clips;
        perPart = videosPerPart == 0 ? videos.Count : videosPerPart;
    }

    /// <summary>The videos, by id.</summary>
    public IReadOnlyList<StoredVideo> Videos { get; }

    /// <summary>What of them.</summary>
    public ExtractModality Modality { get; }

    /// <summary>How many parts.</summary>
    public int Parts => (Videos.Count + perPart - 1) / perPart;

    /// <summary>The videos of a split of the catalog.</summary>
    /// <exception cref="UsageException">It has none.</exception>
    public static IReadOnlyList<StoredVideo> Choose(VideoStore store, string split)
    {
        if (split.Length == 0)
        {
            return store.Videos.Count > 0 ? store.Videos : throw new UsageException($"The store '{store.Directory}' holds no ready video.");
        }

        var splits = Partition.Of(store.Videos, new PartitionOptions()).Splits;
        if (splits.TryGetValue(split, out var chosen))
        {
            return chosen;
        }

        string[] known = [.. splits.Keys.Order(StringComparer.Ordinal)];
        throw new UsageException(known.Length == 0
            ? $"The store has no split '{split}': its catalog names none. Leave --split away."
            : $"The store has no split '{split}'.{(NearestName.Find(split, known) is { } near ? $" Did you mean '{near}'?" : "")} It has: {string.Join(", ", known)}.");
    }

    /// <summary>The videos of a part.</summary>
    public IEnumerable<StoredVideo> VideosOf(int part) => Enumerable.Range(part * perPart, Math.Min(perPart, Videos.Count - (part * perPart))).Select(i => Videos[i]);

    /// <summary>SHA-256 over the ids of a part's videos.</summary>
    public string ChecksumOf(int part)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var video in VideosOf(part))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(video.Id + "\n"));
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>The clips of a video; or none, and why.</summary>
    public (IReadOnlyList<ClipRequest> Clips, string? Why) ClipsOf(StoredVideo video)
    {
        if (Modality != ExtractModality.Audio && !video.HasFrames)
        {
            return ([], "without pictures");
        }

        if (Modality != ExtractModality.Video && !video.HasSound)
        {
            return ([], "without sound");
        }

        switch (Modality)
        {
            case ExtractModality.Both:
                var starts = ClipGrid.Of(video, clip).Starts;
                return starts == 0 ? TooShort(video) : (UniformClips.For(video, clip, Math.Min(starts, clips)), null);
            case ExtractModality.Video:
                var own = ProbeClips.Of([Models.Modality.Video], video, clip, clips);
                return own.Count == 0 ? TooShort(video) : (own, null);
            default:
                // A probe hears a shorter track in the middle of silence; a feature that is given away must not be half made up.
                return video.SampleCount < ClipGrid.SamplesIn(clip.AudioSeconds, video.SampleRate)
                    ? TooShort(video)
                    : (ProbeClips.Of([Models.Modality.Audio], video, clip, clips), null);
        }
    }

    /// <summary>When a clip starts, seconds from the video's start: its first frame for pictures, its first sample for sound.</summary>
    public static double StartOf(ClipRequest request, Modality modality) => modality == Models.Modality.Video
        ? request.Start.ToDouble()
        : new Rational(request.Audio[0].FirstSample, request.Video.SampleRate).ToDouble();

    private (IReadOnlyList<ClipRequest> Clips, string? Why) TooShort(StoredVideo video)
    {
        var frames = new Rational(clip.Frames) / clip.FrameRate;
        var needs = Modality switch
        {
            ExtractModality.Audio => $"{clip.AudioSeconds.ToDouble().ToString("0.###", CultureInfo.InvariantCulture)} s of sound",
            ExtractModality.Video => $"{frames.ToDouble().ToString("0.###", CultureInfo.InvariantCulture)} s of pictures",
            _ => $"{frames.ToDouble().ToString("0.###", CultureInfo.InvariantCulture)} s of pictures with {clip.AudioSeconds.ToDouble().ToString("0.###", CultureInfo.InvariantCulture)} s of sound",
        };
        return ([], string.Create(CultureInfo.InvariantCulture, $"shorter than a clip: it lasts {video.Duration.ToDouble():0.###} s, and a clip is {needs}"));
    }
}
