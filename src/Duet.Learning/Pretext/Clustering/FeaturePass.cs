using System.Diagnostics;
using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Pretext.Clustering;

/// <summary>Reads features from all encoders at once, in evaluation mode: each clip is decoded once.</summary>
internal sealed class FeaturePass(ClusteringPlan plan, ClusteringModel model, ClipPreprocessor preprocessor, int batch, IProgress<TrainingProgress>? progress)
{
    /// <summary>Clips that could not be read, and why: each once.</summary>
    public SortedDictionary<string, string> Failures { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads features.</summary>
    /// <param name="what">What for, for the progress line.</param>
    /// <param name="requests">The clips.</param>
    /// <param name="loader">Reads them.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <returns>A matrix per encoder, a row per request; and the rows of clips that could not be read, which are zero.</returns>
    /// <exception cref="TrainingException">A feature is not a finite number.</exception>
    public (IReadOnlyDictionary<string, FeatureMatrix> Features, IReadOnlySet<int> Unreadable) Read(
        string what, IReadOnlyList<ClipRequest> requests, ClipLoader loader, CancellationToken stop)
    {
        var features = model.Encoders.ToDictionary(e => e.Key, e => new FeatureMatrix(requests.Count, e.Value.Channels), StringComparer.Ordinal);
        var unreadable = new HashSet<int>();
        var started = Stopwatch.GetTimestamp();
        var waited = loader.Statistics.TimeWaiting;
        var row = 0;
        model.eval();
        foreach (var clips in loader.Load(requests, batch, 0, stop))
        {
            using (clips)
            using (NewDisposeScope())
            using (no_grad())
            {
                foreach (var failure in clips.Failures)
                {
                    unreadable.Add(row + failure.Index);
                    Failures[clips.Requests[failure.Index].SampleId] = failure.Reason;
                }

                var inputs = Inputs(plan, preprocessor, clips);
                foreach (var stream in plan.Streams)
                {
                    using var inner = NewDisposeScope();
                    var values = model.Features(stream.Name, inputs[stream.Modality]).cpu().contiguous();
                    var matrix = features[stream.Name];
                    values.data<float>().CopyTo(matrix.Values.AsSpan(row * matrix.Columns, clips.Count * matrix.Columns));
                    CheckFinite(matrix, row, clips, stream);
                }

                row += clips.Count;
            }

            progress?.Report(new PassProgress(what, row, requests.Count, (loader.Statistics.TimeWaiting - waited) / Stopwatch.GetElapsedTime(started)));
        }

        return (features, unreadable);
    }

    /// <summary>Gives the untrained encoders the running statistics of real clips: without them, evaluation mode is another network than the one that trains.</summary>
    public void Calibrate(IEnumerable<ClipBatch> batches)
    {
        var calibrations = plan.Streams.Select(s => (s.Modality, Calibration: new BatchNormCalibration(model.Encoder(s.Name)))).ToArray();
        foreach (var clips in batches)
        {
            using (clips)
            using (NewDisposeScope())
            {
                // Without the black and silent stand-ins for what can't be read.
                var kept = clips.Readable();
                if (kept.Length < 2)
                {
                    continue; // batch normalisation needs two
                }

                var inputs = Inputs(plan, preprocessor, clips);
                foreach (var (modality, calibration) in calibrations)
                {
                    calibration.Add(kept.Length == clips.Count ? inputs[modality] : inputs[modality].index_select(0, tensor(kept, device: inputs[modality].device)));
                }
            }
        }

        foreach (var (_, calibration) in calibrations)
        {
            calibration.ApplyIfAny();
        }
    }

    /// <summary>The inputs of the modalities that a plan's encoders take.</summary>
    public static Dictionary<Modality, Tensor> Inputs(ClusteringPlan plan, ClipPreprocessor preprocessor, ClipBatch clips)
    {
        var inputs = new Dictionary<Modality, Tensor>();
        foreach (var modality in plan.Streams.Select(s => s.Modality).Distinct())
        {
            inputs.Add(modality, modality == Modality.Video ? preprocessor.Video(clips) : preprocessor.Audio(clips, 0));
        }

        return inputs;
    }

    private static void CheckFinite(FeatureMatrix matrix, int row, ClipBatch clips, PlannedStream stream)
    {
        for (var i = 0; i < clips.Count; i++)
        {
            foreach (var value in matrix.Row(row + i))
            {
                if (!float.IsFinite(value))
                {
                    throw new TrainingException(
                        $"The {stream.Name} encoder's features of clip {clips.Requests[i].SampleId} are no finite numbers: training diverged. Start again with a lower training.learning_rate.base or training.clip_norm: 1.");
                }
            }
        }
    }
}
