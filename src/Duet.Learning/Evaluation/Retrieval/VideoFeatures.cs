using Duet.Data.Clips;
using Duet.Data.Store;

namespace Duet.Learning.Evaluation.Retrieval;

/// <summary>One vector per video: the mean over its clips.</summary>
/// <param name="Videos">The videos that have one.</param>
/// <param name="Features">By tap, a row per video.</param>
internal sealed record VideoFeatures(IReadOnlyList<StoredVideo> Videos, IReadOnlyList<FeatureMatrix> Features)
{
    private readonly Dictionary<string, int> place = Videos.Select((v, i) => (v.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);

    /// <summary>Videos whose clips are asked for at once.</summary>
    private const int VideosAtOnce = 512;

    /// <summary>Reads videos. Clips are averaged as they come: memory holds a row per video.</summary>
    /// <param name="extractor">Reads clips.</param>
    /// <param name="what">What for, for the progress line.</param>
    /// <param name="taps">What to read.</param>
    /// <param name="videos">The videos, each once.</param>
    /// <param name="clipsOf">A video's clips; or none, and why.</param>
    /// <param name="leftOut">Hears of videos and clips that could not be read.</param>
    public static VideoFeatures Read(
        FeatureExtractor extractor,
        string what,
        IReadOnlyList<FeatureTap> taps,
        IReadOnlyList<StoredVideo> videos,
        Func<StoredVideo, (IReadOnlyList<ClipRequest> Clips, string? Why)> clipsOf,
        List<LeftOut> leftOut)
    {
        var means = new FeatureMatrix?[taps.Count];
        var sums = new double[taps.Count][];
        var kept = new List<StoredVideo>();
        StoredVideo? current = null;
        var clips = 0;
        foreach (var some in videos.Chunk(VideosAtOnce))
        {
            var requests = new List<ClipRequest>();
            foreach (var video in some)
            {
                var (own, why) = clipsOf(video);
                requests.AddRange(own);
                if (why is not null)
                {
                    leftOut.Add(new LeftOut(video.Id, video.SourcePath, why));
                }
            }

            foreach (var read in extractor.Read(what, taps, requests))
            {
                leftOut.AddRange(read.Failures.Select(f => new LeftOut(f.VideoId, requests[f.Index].Video.SourcePath, $"a clip can't be read: {f.Reason}")));
                for (var i = 0; i < read.Requests.Count; i++)
                {
                    if (!ReferenceEquals(read.Requests[i].Video, current))
                    {
                        Finish();
                        current = read.Requests[i].Video;
                    }

                    clips++;
                    for (var t = 0; t < taps.Count; t++)
                    {
                        var columns = read.Columns(t);
                        means[t] ??= new FeatureMatrix(videos.Count, columns);
                        sums[t] ??= new double[columns];
                        RowProducts.AddScaled(read.Values(t).Slice(i * columns, columns), 1, sums[t]);
                    }
                }
            }
        }

        Finish();
        return new VideoFeatures(kept, [.. means.Select(m => m is null ? new FeatureMatrix(0, 1) : m.First(kept.Count))]);

        void Finish()
        {
            if (current is null)
            {
                return;
            }

            for (var t = 0; t < taps.Count; t++)
            {
                var row = means[t]!.Row(kept.Count);
                for (var c = 0; c < row.Length; c++)
                {
                    row[c] = (float)(sums[t][c] / clips);
                }

                Array.Clear(sums[t]);
            }

            kept.Add(current);
            (current, clips) = (null, 0);
        }
    }

    /// <summary>Whether a video has a vector.</summary>
    public bool Has(StoredVideo video) => place.ContainsKey(video.Id);

    /// <summary>The rows of those videos that have one, and which they are.</summary>
    /// <param name="wanted">The videos.</param>
    /// <param name="tap">Which tap.</param>
    public (FeatureMatrix Rows, IReadOnlyList<StoredVideo> Videos) Of(IReadOnlyList<StoredVideo> wanted, int tap)
    {
        StoredVideo[] some = [.. wanted.Where(v => place.ContainsKey(v.Id))];
        return (Features[tap].Take([.. some.Select(v => place[v.Id])]), some);
    }
}
