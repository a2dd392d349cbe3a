using System.Diagnostics;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation;

/// <summary>Features of clips from frozen encoders: each clip is decoded once, whatever the number of encoders.</summary>
internal sealed class FeatureExtractor(ClipPreprocessor preprocessor, ClipLoader loader, int batch, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
{
    private readonly long started = Stopwatch.GetTimestamp();

    /// <summary>Reads the features of a stage.</summary>
    /// <param name="encoders">Encoders of one modality and architecture, in evaluation mode.</param>
    /// <param name="layer">The stage.</param>
    /// <param name="pooling">How its map becomes a row.</param>
    /// <param name="requests">The clips.</param>
    /// <returns>One matrix per encoder, a row per request, and what could not be read: those rows are zero.</returns>
    public (IReadOnlyList<FeatureMatrix> Features, IReadOnlyDictionary<int, string> Failures) Extract(
        IReadOnlyList<Encoder> encoders, string layer, FeaturePooling pooling, IReadOnlyList<ClipRequest> requests)
    {
        var features = new FeatureMatrix[encoders.Count];
        var failures = new Dictionary<int, string>();
        var row = 0;
        foreach (var clips in loader.Load(requests, batch, 0, cancel))
        {
            using (clips)
            using (NewDisposeScope())
            using (no_grad())
            {
                var input = Input(encoders[0].Modality, clips);
                for (var e = 0; e < encoders.Count; e++)
                {
                    using var inner = NewDisposeScope();
                    var map = encoders[e].ForwardTo(input, layer);
                    var flat = pooling == FeaturePooling.Average && map.dim() > 2 ? map.flatten(2).mean([2]) : map.flatten(1);
                    var values = flat.cpu().contiguous();
                    features[e] ??= new FeatureMatrix(requests.Count, checked((int)values.shape[1]));
                    values.data<float>().CopyTo(features[e].Values.AsSpan(row * features[e].Columns, clips.Count * features[e].Columns));
                }

                foreach (var failure in clips.Failures)
                {
                    failures.Add(row + failure.Index, failure.Reason);
                    foreach (var matrix in features)
                    {
                        matrix.Row(row + failure.Index).Clear();
                    }
                }

                row += clips.Count;
            }

            Report($"{Name(encoders[0])} features", row, requests.Count);
        }

        foreach (var matrix in features)
        {
            if (!matrix.Values.All(float.IsFinite))
            {
                throw new DuetException($"Features of the {Name(encoders[0])} encoder's '{layer}' are not finite numbers: training diverged. Train again with a smaller learning rate.");
            }
        }

        return (features, failures);
    }

    /// <summary>Calibrates untrained encoders' batch normalisation on clips.</summary>
    /// <param name="encoders">Encoders of one modality.</param>
    /// <param name="requests">Training clips.</param>
    /// <returns>How many clips took part.</returns>
    public int Calibrate(IReadOnlyList<Encoder> encoders, IReadOnlyList<ClipRequest> requests)
    {
        var calibrations = encoders.Select(e => new BatchNormCalibration(e)).ToArray();
        var used = 0;
        var done = 0;
        foreach (var clips in loader.Load(requests, batch, 0, cancel))
        {
            using (clips)
            using (NewDisposeScope())
            {
                // A small last batch would weigh as much as a full one, and black clips for unreadable ones would be learned.
                done += clips.Count;
                if (clips.Failures.Count == 0 && (clips.Count == batch || used == 0) && clips.Count > 1)
                {
                    var input = Input(encoders[0].Modality, clips);
                    foreach (var calibration in calibrations)
                    {
                        calibration.Add(input);
                    }

                    used += clips.Count;
                }
            }

            Report($"{Name(encoders[0])} baseline", done, requests.Count);
        }

        if (used == 0)
        {
            throw new DuetException("The random baseline could not be calibrated: no batch of training clips could be read whole.");
        }

        foreach (var calibration in calibrations)
        {
            calibration.Apply();
        }

        return used;
    }

    private static string Name(Encoder encoder) => encoder.Modality == Modality.Video ? "video" : "audio";

    private Tensor Input(Modality modality, ClipBatch clips) => modality == Modality.Video ? preprocessor.Video(clips) : preprocessor.Audio(clips, 0);

    private void Report(string stage, long done, long total) =>
        progress?.Report(new EvaluationProgress(stage, done, total, loader.Statistics.TimeWaiting / Stopwatch.GetElapsedTime(started)));
}
