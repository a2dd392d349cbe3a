using System.Globalization;
using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>One clip with its sound at several offsets, for curves of distance over offset.</summary>
public sealed record OffsetClip
{
    /// <summary>The frames, and one stretch of sound per offset, in the offsets' order.</summary>
    public required ClipRequest Request { get; init; }

    /// <summary>The offsets that lie inside the track, seconds. Positive: the sound is taken later than the picture.</summary>
    public required IReadOnlyList<Rational> Offsets { get; init; }
}

/// <summary>Makes clips with their sound at several offsets.</summary>
public static class OffsetClips
{
    /// <summary>The clip nearest to the video's middle at which all offsets lie inside the track; where there is none, the middle clip with those that do.</summary>
    /// <param name="video">The video.</param>
    /// <param name="clip">What a clip is. The crop is the centre crop.</param>
    /// <param name="offsets">Offsets, seconds. Positive: the sound is taken later than the picture.</param>
    /// <exception cref="UsageException">The video is shorter than a clip, or no offset lies inside its track.</exception>
    public static OffsetClip Of(StoredVideo video, ClipOptions clip, IReadOnlyList<Rational> offsets)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        var grid = UniformClips.UsableGrid(video, clip);
        var shifts = offsets.Select(o => (o * video.SampleRate).Round()).ToArray();
        var middle = grid.Starts / 2;
        var best = middle;
        if (shifts.Length > 0)
        {
            for (var distance = 0; distance <= grid.Starts; distance++)
            {
                if (AllFit(middle - distance) || AllFit(middle + distance))
                {
                    best = AllFit(middle - distance) ? middle - distance : middle + distance;
                    break;
                }
            }
        }

        return At(grid, best, clip, offsets);

        bool AllFit(int start) => start >= 0 && start < grid.Starts && Fits(grid, start, shifts.Min()) && Fits(grid, start, shifts.Max());
    }

    private static OffsetClip At(ClipGrid grid, int start, ClipOptions clip, IReadOnlyList<Rational> offsets)
    {
        List<Rational> kept = [];
        List<AudioWindow> windows = [];
        foreach (var offset in offsets)
        {
            var shift = (offset * grid.Video.SampleRate).Round();
            if (Fits(grid, start, shift))
            {
                var kind = shift == 0 ? PairKind.Positive : Math.Abs(shift) < grid.SamplesPerWindow ? PairKind.SuperHard : PairKind.Hard;
                kept.Add(offset);
                windows.Add(new AudioWindow(grid.Video, grid.SampleAt(start) + shift, grid.SamplesPerWindow, kind));
            }
        }

        if (kept.Count == 0)
        {
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture,
                $"None of the {offsets.Count} offsets lies inside the track of {grid.Video.SourcePath}, which lasts {grid.Video.Duration.ToDouble():0.###} s; ask for smaller ones, such as 0."));
        }

        return new OffsetClip { Request = ClipSampling.Request(grid, start, 0, ClipSampling.CentreCrop(grid.Video, clip), windows), Offsets = kept };
    }

    private static bool Fits(ClipGrid grid, int start, long shift)
    {
        var first = grid.SampleAt(start) + shift;
        return first >= 0 && first + grid.SamplesPerWindow <= grid.Video.SampleCount;
    }
}
