using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Models;

namespace Duet.Learning.Evaluation;

/// <summary>The features of all videos of a probe, for one modality (or both side by side) and several kinds of weights.</summary>
internal sealed class ProbeData
{
    private readonly Dictionary<string, int> indexOf;

    private ProbeData(IReadOnlyList<StoredVideo> videos, IReadOnlyList<FeatureMatrix> features, IReadOnlyList<int>[] rowsOf)
    {
        Videos = videos;
        Features = features;
        RowsOf = rowsOf;
        Labels = [.. videos.Select(v => v.Label!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var number = Labels.Select((label, i) => (label, i)).ToDictionary(p => p.label, p => p.i, StringComparer.Ordinal);
        LabelOf = [.. videos.Select(v => number[v.Label!])];
        indexOf = videos.Select((v, i) => (v.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);
    }

    /// <summary>Videos, by id.</summary>
    public IReadOnlyList<StoredVideo> Videos { get; }

    /// <summary>A matrix per kind of weights, a row per clip.</summary>
    public IReadOnlyList<FeatureMatrix> Features { get; }

    /// <summary>Each video's rows; a video none of whose clips could be read has none.</summary>
    public IReadOnlyList<int>[] RowsOf { get; }

    /// <summary>The classes.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Each video's class.</summary>
    public int[] LabelOf { get; }

    /// <summary>Features per clip.</summary>
    public int Columns => Features[0].Columns;

    /// <summary>Reads the features of every video of the splits.</summary>
    /// <param name="extractor">Reads clips.</param>
    /// <param name="taps">For each kind of weights what is read: one tap, or one per modality.</param>
    /// <param name="splits">The divisions.</param>
    /// <param name="clip">What a clip is.</param>
    /// <param name="options">How to probe.</param>
    /// <param name="leftOut">Hears of videos that take no part.</param>
    /// <exception cref="UsageException">No video is long enough, or the features don't fit into memory.</exception>
    public static ProbeData Read(
        FeatureExtractor extractor, IReadOnlyList<IReadOnlyList<FeatureTap>> taps, IReadOnlyList<EvaluationSplit> splits, ClipOptions clip, ProbeOptions options, List<LeftOut> leftOut)
    {
        var videos = splits.SelectMany(s => s.Train.Concat(s.Test)).DistinctBy(v => v.Id, StringComparer.Ordinal).OrderBy(v => v.Id, StringComparer.Ordinal).ToArray();
        Modality[] modalities = [.. taps[0].Select(t => t.Network.Encoder.Modality)];
        var name = ProbeClips.Name(modalities);
        var requests = new List<ClipRequest>();
        var rows = new List<int>[videos.Length];
        for (var v = 0; v < videos.Length; v++)
        {
            var own = ProbeClips.Of(modalities, videos[v], clip, options.ClipsPerVideo);
            rows[v] = [.. Enumerable.Range(requests.Count, own.Count)];
            requests.AddRange(own);
            if (own.Count == 0)
            {
                leftOut.Add(new LeftOut(videos[v].Id, videos[v].SourcePath, $"{ProbeClips.WhyNone(modalities, videos[v])}; not part of the {name} probe"));
            }
        }

        if (requests.Count == 0)
        {
            throw new UsageException($"Every labelled video is shorter than a clip of {clip.Frames} frames at {clip.FrameRate} per second.");
        }

        FeatureTap[] all = [.. taps.SelectMany(t => t)];
        var counts = videos.Select((v, i) => (v.Id, rows[i].Count)).ToDictionary(p => p.Id, p => (long)p.Count, StringComparer.Ordinal);
        CheckMemory(extractor, name, all, taps.Count, requests, splits.Max(s => s.Train.Sum(v => counts[v.Id])), options);

        var read = extractor.Extract($"{name} features", all, requests);
        foreach (var (index, reason) in read.Failures)
        {
            var video = requests[index].Video;
            leftOut.Add(new LeftOut(video.Id, video.SourcePath, $"a clip can't be read: {reason}"));
        }

        if (options.Normalisation == FeatureNormalisation.L2)
        {
            foreach (var matrix in read.Features)
            {
                ScaleToUnit(matrix);
            }
        }

        var parts = taps[0].Count;
        return new ProbeData(
            videos,
            [.. Enumerable.Range(0, taps.Count).Select(i => FeatureMatrix.SideBySide([.. read.Features.Skip(i * parts).Take(parts)]))],
            [.. rows.Select(r => (IReadOnlyList<int>)[.. r.Select(i => read.RowOf[i]).Where(i => i >= 0)])]);
    }

    /// <summary>The places of those videos that have rows.</summary>
    public int[] Indices(IReadOnlyList<StoredVideo> videos) => [.. videos.Select(v => indexOf[v.Id]).Where(i => RowsOf[i].Count > 0)];

    /// <summary>One clip that can be read says how many features there are.</summary>
    private static void CheckMemory(FeatureExtractor extractor, string name, FeatureTap[] all, int kinds, List<ClipRequest> requests, long trainingClips, ProbeOptions options)
    {
        foreach (var first in requests.Take(10))
        {
            var sample = extractor.Extract($"{name} features", all, [first]);
            if (sample.Failures.Count == 0)
            {
                // Side by side, both parts and the whole are there for a moment: counted as one more network.
                var perKind = sample.Features.Take(all.Length / kinds).Sum(f => (long)f.Columns);
                ProbeMemory.Check(name, requests.Count, trainingClips, perKind, all.Length > kinds ? kinds + 1 : kinds, options);
                return;
            }
        }
    }

    private static void ScaleToUnit(FeatureMatrix matrix) => Parallel.For(0, matrix.Rows, r =>
    {
        var row = matrix.Row(r);
        var length = Math.Sqrt(RowProducts.SquaredNorm(row));
        for (var c = 0; c < row.Length && length > 0; c++)
        {
            row[c] = (float)(row[c] / length);
        }
    });
}
