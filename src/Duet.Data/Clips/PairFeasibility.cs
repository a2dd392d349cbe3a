using System.Globalization;
using Duet.Data.Store;

namespace Duet.Data.Clips;

/// <summary>
/// What a list of videos can serve, known before the first clip is read. A video shorter than one clip is left out; one
/// too short for a hard or super-hard negative gets an easy one in its stead.
/// </summary>
public sealed record PairFeasibility
{
    /// <summary>Videos that serve clips, ordered by id.</summary>
    public required IReadOnlyList<StoredVideo> Usable { get; init; }

    /// <summary>Videos shorter than one clip, or without pictures or without sound, ordered by id: they are left out.</summary>
    public required IReadOnlyList<StoredVideo> TooShort { get; init; }

    /// <summary>Usable videos too short for a hard negative: they get easy ones instead.</summary>
    public required IReadOnlyList<StoredVideo> WithoutHard { get; init; }

    /// <summary>Usable videos too short for a super-hard negative: they get easy ones instead.</summary>
    public required IReadOnlyList<StoredVideo> WithoutSuperHard { get; init; }

    /// <summary>Looks at every video.</summary>
    /// <exception cref="UsageException">The clip is longer than every video, there is no video, or the frame rates don't fit.</exception>
    public static PairFeasibility Of(IReadOnlyList<StoredVideo> videos, ClipOptions clip, PairOptions pairs) => PairPlan.Of(videos, clip, pairs).Feasibility;

    /// <summary>The mix that is really drawn, on average: what short videos can't serve moves to easy.</summary>
    public PairMix Realised(PairMix mix)
    {
        ArgumentNullException.ThrowIfNull(mix);
        var wanted = mix.Normalised();
        var hard = wanted.Hard * (Usable.Count - WithoutHard.Count) / Usable.Count;
        var superHard = wanted.SuperHard * (Usable.Count - WithoutSuperHard.Count) / Usable.Count;
        return new PairMix(1 - hard - superHard, hard, superHard);
    }

    /// <summary>One sentence for people: how many videos serve what under a mix.</summary>
    public string Describe(PairMix mix)
    {
        ArgumentNullException.ThrowIfNull(mix);
        var text = string.Create(CultureInfo.InvariantCulture, $"{Usable.Count} videos serve clips");
        if (TooShort.Count > 0)
        {
            var lacking = TooShort.Count(v => !v.HasFrames || !v.HasSound);
            text += lacking < TooShort.Count ? string.Create(CultureInfo.InvariantCulture, $"; {TooShort.Count - lacking} shorter than one clip are left out") : "";
            text += lacking > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {lacking} without pictures or without sound are left out") : "";
        }

        if (mix.Hard > 0 && WithoutHard.Count > 0)
        {
            text += string.Create(CultureInfo.InvariantCulture, $"; {WithoutHard.Count} too short for a hard negative get easy ones");
        }

        if (mix.SuperHard > 0 && WithoutSuperHard.Count > 0)
        {
            text += string.Create(CultureInfo.InvariantCulture, $"; {WithoutSuperHard.Count} too short for a super-hard negative get easy ones");
        }

        return text + ".";
    }
}

/// <summary>The grids and pairs of a list of videos, worked out once.</summary>
internal sealed class PairPlan
{
    private PairPlan(ClipGrid[] grids, WindowPairs[] hard, WindowPairs[] superHard, PairFeasibility feasibility)
    {
        Grids = grids;
        Hard = hard;
        SuperHard = superHard;
        Feasibility = feasibility;
    }

    /// <summary>One grid per usable video, by id.</summary>
    public ClipGrid[] Grids { get; }

    public WindowPairs[] Hard { get; }

    public WindowPairs[] SuperHard { get; }

    public PairFeasibility Feasibility { get; }

    public static PairPlan Of(IReadOnlyList<StoredVideo> videos, ClipOptions clip, PairOptions pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var (grids, tooShort) = UsableGrids(videos, clip);
        var hard = Array.ConvertAll(grids, g => WindowPairs.Of(g, pairs, PairKind.Hard));
        var superHard = Array.ConvertAll(grids, g => WindowPairs.Of(g, pairs, PairKind.SuperHard));
        var usable = Array.ConvertAll(grids, static g => g.Video);
        return new PairPlan(grids, hard, superHard, new PairFeasibility
        {
            Usable = usable,
            TooShort = tooShort,
            WithoutHard = [.. usable.Where((_, i) => hard[i].Count == 0)],
            WithoutSuperHard = [.. usable.Where((_, i) => superHard[i].Count == 0)],
        });
    }

    /// <summary>The grids of the videos that serve clips, by id, and the videos that are too short.</summary>
    /// <exception cref="UsageException">None serves a clip.</exception>
    public static (ClipGrid[] Grids, IReadOnlyList<StoredVideo> TooShort) UsableGrids(IReadOnlyList<StoredVideo> videos, ClipOptions clip)
    {
        ArgumentNullException.ThrowIfNull(videos);
        ArgumentNullException.ThrowIfNull(clip);
        if (videos.Count == 0)
        {
            throw new UsageException("There is no video to take clips from; ingest some, or give this part a larger share.");
        }

        Lacking.RequireBoth(videos);
        var all = Array.ConvertAll(ClipSampling.ById(videos), v => ClipGrid.Of(v, clip));
        var usable = Array.FindAll(all, static g => g.Starts > 0);
        if (usable.Length == 0)
        {
            var longest = videos.Where(static v => v.HasFrames && v.HasSound).MaxBy(static v => v.Duration)!;
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture,
                $"A clip ({clip.Frames} frames, {(new Rational(clip.Frames) / clip.FrameRate).ToDouble():0.###} s, with {clip.AudioSeconds.ToDouble():0.###} s of sound) is longer than every video; the longest, {longest.SourcePath}, lasts {longest.Duration.ToDouble():0.###} s. Take shorter clips or longer videos."));
        }

        return (usable, [.. all.Where(static g => g.Starts == 0).Select(static g => g.Video)]);
    }
}
