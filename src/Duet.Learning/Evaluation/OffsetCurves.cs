using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Learning.Audio;
using TorchSharp;

namespace Duet.Learning.Evaluation;

/// <summary>Distance by offset: the same frames against the sound of the same video, taken earlier and later.</summary>
internal sealed class OffsetCurves
{
    private readonly SyncMeter meter;
    private readonly IClipStore store;
    private readonly SyncOptions options;
    private readonly Rational step;
    private readonly Rational[] offsets;
    private readonly List<(OffsetClip Clip, double[] Distances)> measured = [];

    /// <summary>Plans offsets of one frame each.</summary>
    public OffsetCurves(SyncMeter meter, IClipStore store, SyncOptions options)
    {
        this.meter = meter;
        this.store = store;
        this.options = options;
        step = new Rational(1) / meter.Model.Clip.FrameRate;
        var steps = (options.MaxOffsetSeconds / step).Floor();
        offsets = [.. Enumerable.Range(0, checked((int)((2 * steps) + 1))).Select(i => step * (i - steps))];
    }

    /// <summary>How often the least distance lies near zero, over videos evenly chosen from the part.</summary>
    /// <returns>The summary; null where no video is long enough for an offset on both sides.</returns>
    public OffsetSummary? Summary(IReadOnlyList<StoredVideo> videos, List<LeftOut> leftOut)
    {
        var some = Spread(videos, options.OffsetVideos).Concat(ExampleVideos(videos)).DistinctBy(v => v.Id, StringComparer.Ordinal);
        var clips = new Dictionary<string, OffsetClip>(StringComparer.Ordinal);
        foreach (var video in some)
        {
            var clip = OffsetClips.Of(video, meter.Model.Clip, offsets);
            if (clip.Offsets[0] < 0 && clip.Offsets[^1] > 0)
            {
                clips.Add(video.Id, clip);
            }
            else
            {
                leftOut.Add(new LeftOut(video.Id, video.SourcePath, "too short to shift its sound both ways; its offset is not estimated"));
            }
        }

        // Videos of different length have different numbers of offsets; a batch needs one shape.
        var ordered = clips.Values.OrderBy(c => c.Offsets.Count).ThenBy(c => c.Request.Video.Id, StringComparer.Ordinal).ToArray();
        foreach (var (request, distances) in meter.Distances("offsets", [.. ordered.Select(c => c.Request)], 1, leftOut))
        {
            measured.Add((clips[request.Video.Id], distances));
        }

        var chosen = Spread(videos, options.OffsetVideos).Select(v => v.Id).ToHashSet(StringComparer.Ordinal);
        return SyncJudge.Offsets(
            [.. measured.Where(m => chosen.Contains(m.Clip.Request.Video.Id)).Select(m => (Seconds(m.Clip.Offsets), m.Distances))], step.ToDouble());
    }

    /// <summary>The examples; call <see cref="Summary"/> first.</summary>
    public IReadOnlyList<SyncExample> Examples(IReadOnlyList<StoredVideo> videos)
    {
        var byId = measured.ToDictionary(m => m.Clip.Request.Video.Id, StringComparer.Ordinal);
        using var logMel = new LogMel(meter.Model.Spectrogram, torch.CPU);
        return [.. ExampleVideos(videos).Where(v => byId.ContainsKey(v.Id)).Select(v => Example(byId[v.Id].Clip, byId[v.Id].Distances, logMel))];
    }

    /// <summary>The first video of each class by id, then the second of each, until there are enough.</summary>
    private IEnumerable<StoredVideo> ExampleVideos(IReadOnlyList<StoredVideo> videos) => videos
        .GroupBy(v => v.Label ?? "", StringComparer.Ordinal)
        .SelectMany(g => g.OrderBy(v => v.Id, StringComparer.Ordinal).Select((v, i) => (Video: v, Rank: i)))
        .OrderBy(p => p.Rank).ThenBy(p => p.Video.Label ?? "", StringComparer.Ordinal)
        .Select(p => p.Video)
        .Take(options.Examples);

    private SyncExample Example(OffsetClip clip, double[] distances, LogMel logMel)
    {
        var request = clip.Request;
        var length = new Rational(request.FrameCount) / meter.Model.Clip.FrameRate;
        return new SyncExample
        {
            VideoId = request.Video.Id,
            Label = request.Video.Label,
            SourcePath = request.Video.SourcePath,
            StartSeconds = request.Start.ToDouble(),
            ClipSeconds = length.ToDouble(),
            OffsetsSeconds = Seconds(clip.Offsets),
            Distances = distances,
            Spectrogram = SpectrogramAround(request.Video, request.Start, length, logMel),
        };
    }

    /// <summary>The sound that the offsets reach, brightness from the quietest twentieth to the loudest value.</summary>
    private ExampleSpectrogram SpectrogramAround(StoredVideo video, Rational start, Rational length, LogMel logMel)
    {
        var first = Math.Max(0, ((start - options.MaxOffsetSeconds) * video.SampleRate).Floor());
        var last = Math.Min(video.SampleCount, ((start + length + options.MaxOffsetSeconds) * video.SampleRate).Ceiling());
        var pcm = new short[last - first];
        store.ReadSamples(video, first, pcm);
        var unit = new float[pcm.Length];
        PixelKernel.ToUnit(pcm, unit);
        using var scope = torch.NewDisposeScope();
        var mels = logMel.Forward(torch.tensor(unit).unsqueeze(0));
        var values = mels.data<float>().ToArray();
        var sorted = values.Select(v => (double)v).Order().ToArray();
        var (low, high) = (Bootstrap.Quantile(sorted, 0.05), sorted[^1]);
        var scale = high > low ? 255 / (high - low) : 0;
        var bytes = Array.ConvertAll(values, v => (byte)Math.Clamp(Math.Round((v - low) * scale), 0, 255));
        return new ExampleSpectrogram(
            (int)mels.shape[2], (int)mels.shape[3], (double)logMel.Options.HopSamples() / video.SampleRate, (double)first / video.SampleRate, Convert.ToBase64String(bytes));
    }

    private static double[] Seconds(IReadOnlyList<Rational> values) => [.. values.Select(v => v.ToDouble())];

    private static IEnumerable<StoredVideo> Spread(IReadOnlyList<StoredVideo> videos, int most) => videos.Count <= most
        ? videos
        : Enumerable.Range(0, most).Select(i => videos[(int)((long)i * videos.Count / most)]);
}
