using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Models;

namespace Duet.Learning.Evaluation;

/// <summary>The features of all videos of a probe, for one modality and several encoders.</summary>
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

    /// <summary>A matrix per encoder, a row per clip.</summary>
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
    public static ProbeData Read(
        FeatureExtractor extractor, IReadOnlyList<Encoder> encoders, string layer, IReadOnlyList<EvaluationSplit> splits, ClipOptions clip, ProbeOptions options, List<LeftOut> leftOut)
    {
        var videos = splits.SelectMany(s => s.Train.Concat(s.Test)).DistinctBy(v => v.Id, StringComparer.Ordinal).OrderBy(v => v.Id, StringComparer.Ordinal).ToArray();
        var requests = new List<ClipRequest>();
        var rows = new List<int>[videos.Length];
        for (var v = 0; v < videos.Length; v++)
        {
            var own = ProbeEvaluation.Clips(encoders[0].Modality, videos[v], clip, options.ClipsPerVideo);
            rows[v] = [.. Enumerable.Range(requests.Count, own.Count)];
            requests.AddRange(own);
            if (own.Count == 0)
            {
                var lacks = encoders[0].Modality == Modality.Audio ? !videos[v].HasSound : !videos[v].HasFrames;
                var why = !lacks ? "shorter than a clip" : encoders[0].Modality == Modality.Audio ? "without sound" : "without pictures";
                leftOut.Add(new LeftOut(videos[v].Id, videos[v].SourcePath, $"{why}; not part of the {ProbeEvaluation.Name(encoders[0].Modality)} probe"));
            }
        }

        if (requests.Count == 0)
        {
            throw new UsageException($"Every labelled video is shorter than a clip of {clip.Frames} frames at {clip.FrameRate} per second.");
        }

        var read = extractor.Extract(
            $"{ProbeEvaluation.Name(encoders[0].Modality)} features", [.. encoders.Select(e => new FeatureTap(FeatureNetwork.Of(e), layer, options.Pooling))], requests);
        foreach (var (index, reason) in read.Failures)
        {
            var video = requests[index].Video;
            leftOut.Add(new LeftOut(video.Id, video.SourcePath, $"a clip can't be read: {reason}"));
        }

        return new ProbeData(videos, read.Features, [.. rows.Select(r => (IReadOnlyList<int>)[.. r.Select(i => read.RowOf[i]).Where(i => i >= 0)])]);
    }

    /// <summary>The places of those videos that have rows.</summary>
    public int[] Indices(IReadOnlyList<StoredVideo> videos) => [.. videos.Select(v => indexOf[v.Id]).Where(i => RowsOf[i].Count > 0)];
}
