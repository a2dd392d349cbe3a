using System.Diagnostics;
using Duet.Data.Clips;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation;

/// <summary>
/// Features of clips from networks in evaluation mode: the one loop under probes, retrieval, clustering and extraction. Each clip is decoded once, whatever
/// the number of networks and layers. A clip that can't be read has no row: the black and silent stand-in that the loader delivers for it never gets out.
/// </summary>
/// <param name="preprocessor">Makes the networks' inputs.</param>
/// <param name="loader">Reads clips.</param>
/// <param name="batch">Clips that pass the networks at once; 0: chosen by memory.</param>
/// <param name="progress">Hears how far the work is.</param>
/// <param name="cancel">Ends it.</param>
internal sealed class FeatureExtractor(ClipPreprocessor preprocessor, ClipLoader loader, int batch, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
{
    /// <summary>Clips per batch where statistics over batches come into a result, which memory must not decide.</summary>
    /// <param name="batch">What the options say; 0 where they leave it to memory.</param>
    public static int CalibrationBatch(int batch) => batch == InferenceBatch.ByMemory ? 16 : batch;

    /// <summary>Reads features, a batch at a time.</summary>
    /// <param name="what">What for, for the progress line.</param>
    /// <param name="taps">What to read.</param>
    /// <param name="requests">The clips, with what the taps' networks take.</param>
    /// <returns>Batches in the requests' order; the memory of one is used again for the next.</returns>
    /// <exception cref="TrainingException">On enumeration: a feature is not a finite number.</exception>
    public IEnumerable<FeatureBatch> Read(string what, IReadOnlyList<FeatureTap> taps, IReadOnlyList<ClipRequest> requests)
    {
        var memory = new float[taps.Count][];
        var started = Stopwatch.GetTimestamp();
        var waited = loader.Statistics.TimeWaiting;
        var done = 0;
        using var inference = Inference.Of(taps.Select(t => t.Network));
        Encoder[] encoders = [.. taps.Select(t => t.Network.Encoder).Distinct()];
        var spectrogram = encoders.Any(e => e.Modality == Modality.Audio) ? preprocessor.Spectrogram : null;
        var size = requests.Count == 0 ? 1 : InferenceBatch.Of(batch, encoders, requests[0], preprocessor.Clip.Size, spectrogram);
        foreach (var clips in loader.Load(requests, size, 0, cancel))
        {
            FeatureBatch read;
            using (clips)
            {
                read = Read(taps, clips, done, memory);
            }

            yield return read;
            done += clips.Count;
            progress?.Report(new EvaluationProgress(what, done, requests.Count, (loader.Statistics.TimeWaiting - waited) / Stopwatch.GetElapsedTime(started)));
        }
    }

    /// <summary>Reads features into memory.</summary>
    /// <param name="what">What for, for the progress line.</param>
    /// <param name="taps">What to read.</param>
    /// <param name="requests">The clips, with what the taps' networks take.</param>
    /// <exception cref="TrainingException">A feature is not a finite number.</exception>
    public ExtractedFeatures Extract(string what, IReadOnlyList<FeatureTap> taps, IReadOnlyList<ClipRequest> requests)
    {
        var features = new FeatureMatrix?[taps.Count];
        var rowOf = new int[requests.Count];
        Array.Fill(rowOf, -1);
        var failures = new Dictionary<int, string>();
        var row = 0;
        foreach (var read in Read(what, taps, requests))
        {
            for (var t = 0; t < taps.Count && read.Requests.Count > 0; t++)
            {
                features[t] ??= new FeatureMatrix(requests.Count, read.Columns(t));
                read.Values(t).CopyTo(features[t]!.Values.AsSpan(row * features[t]!.Columns));
            }

            foreach (var index in read.Indices)
            {
                rowOf[index] = row++;
            }

            foreach (var failure in read.Failures)
            {
                failures.Add(failure.Index, failure.Reason);
            }
        }

        // Without the rows that were kept free for clips that turned out to be unreadable.
        return new ExtractedFeatures([.. features.Select(f => f is null || f.Rows == row ? f ?? new FeatureMatrix(0, 1) : f.First(row))], rowOf, failures);
    }

    /// <summary>Calibrates untrained encoders' batch normalisation on clips; where none can be read they stay as they are.</summary>
    /// <param name="what">What for, for the progress line.</param>
    /// <param name="encoders">The encoders.</param>
    /// <param name="requests">Training clips.</param>
    /// <returns>How many clips took part.</returns>
    public int Calibrate(string what, IReadOnlyList<Encoder> encoders, IReadOnlyList<ClipRequest> requests)
    {
        BatchNormCalibration[] calibrations = [.. encoders.Select(e => new BatchNormCalibration(e))];
        var (used, done) = (0, 0);
        var started = Stopwatch.GetTimestamp();
        var waited = loader.Statistics.TimeWaiting;
        var size = CalibrationBatch(batch);
        foreach (var clips in loader.Load(requests, size, 0, cancel))
        {
            using (clips)
            using (NewDisposeScope())
            {
                // A small last batch would weigh as much as a full one, black clips for unreadable ones would be learned, and batch normalisation needs two.
                done += clips.Count;
                var kept = clips.Readable();
                if (kept.Length > 1 && (clips.Count == size || used == 0))
                {
                    foreach (var group in encoders.Zip(calibrations).GroupBy(p => p.First.Modality))
                    {
                        var input = Input(group.Key, clips, kept);
                        foreach (var (_, calibration) in group)
                        {
                            calibration.Add(input);
                        }
                    }

                    used += kept.Length;
                }
            }

            progress?.Report(new EvaluationProgress(what, done, requests.Count, (loader.Statistics.TimeWaiting - waited) / Stopwatch.GetElapsedTime(started)));
        }

        foreach (var calibration in calibrations)
        {
            calibration.ApplyIfAny();
        }

        return used;
    }

    private FeatureBatch Read(IReadOnlyList<FeatureTap> taps, ClipBatch clips, int first, float[][] memory)
    {
        var kept = clips.Readable();
        var shapes = new long[]?[taps.Count];
        var columns = new int[taps.Count];
        if (kept.Length > 0)
        {
            using var scope = NewDisposeScope();
            using var none = no_grad();
            foreach (var modality in taps.GroupBy(t => t.Network.Encoder.Modality))
            {
                var input = Input(modality.Key, clips, kept);
                foreach (var network in modality.GroupBy(t => t.Network))
                {
                    using var inner = NewDisposeScope();
                    var maps = network.Key.Forward(input, [.. network.Select(t => t.Layer)]);
                    foreach (var (tap, map) in network.Zip(maps))
                    {
                        var t = IndexOf(taps, tap);
                        shapes[t] = map.shape[1..];
                        var values = tap.Pool(map).cpu().contiguous();
                        var count = checked((int)values.numel());
                        columns[t] = count / kept.Length;
                        memory[t] = memory[t] is { } old && old.Length >= count ? old : new float[count];
                        values.data<float>().CopyTo(memory[t].AsSpan(0, count));
                        CheckFinite(tap, memory[t].AsSpan(0, count), columns[t], clips, kept);
                    }
                }
            }
        }

        return new FeatureBatch(
            [.. kept.Select(i => clips.Requests[(int)i])],
            [.. kept.Select(i => first + (int)i)],
            [.. clips.Failures.Select(f => f with { Index = first + f.Index })],
            shapes,
            columns,
            memory);
    }

    private static int IndexOf(IReadOnlyList<FeatureTap> taps, FeatureTap wanted)
    {
        var index = 0;
        while (!ReferenceEquals(taps[index], wanted))
        {
            index++;
        }

        return index;
    }

    private static void CheckFinite(FeatureTap tap, ReadOnlySpan<float> values, int columns, ClipBatch clips, long[] kept)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new TrainingException(
                    $"The {tap.Network.Name} encoder's {tap.Layer} features of clip {clips.Requests[(int)kept[i / columns]].SampleId} are no finite numbers: training diverged, or the weights came damaged from elsewhere. Start again with a lower training.learning_rate.base or training.clip_norm: 1.");
            }
        }
    }

    /// <summary>A modality's input, of the clips that could be read.</summary>
    private Tensor Input(Modality modality, ClipBatch clips, long[] kept)
    {
        var all = modality == Modality.Video ? preprocessor.Video(clips) : preprocessor.Audio(clips, 0);
        return kept.Length == clips.Count ? all : all.index_select(0, tensor(kept, device: all.device));
    }
}

/// <summary>The features of a batch of clips, of those that could be read.</summary>
internal sealed class FeatureBatch
{
    private readonly float[][] memory;
    private readonly int[] columns;

    public FeatureBatch(IReadOnlyList<ClipRequest> requests, IReadOnlyList<int> indices, IReadOnlyList<SampleFailure> failures, IReadOnlyList<long[]?> shapes, int[] columns, float[][] memory)
    {
        (Requests, Indices, Failures, Shapes) = (requests, indices, failures, shapes);
        (this.columns, this.memory) = (columns, memory);
    }

    /// <summary>The clips that could be read.</summary>
    public IReadOnlyList<ClipRequest> Requests { get; }

    /// <summary>Their places among all requests.</summary>
    public IReadOnlyList<int> Indices { get; }

    /// <summary>Those that could not be read, with their places among all requests.</summary>
    public IReadOnlyList<SampleFailure> Failures { get; }

    /// <summary>By tap: the layer's shape without the batch, <c>[channels, time, height, width]</c>, <c>[channels, time, mels]</c> or <c>[values]</c>; null where no clip could be read.</summary>
    public IReadOnlyList<long[]?> Shapes { get; }

    /// <summary>Values per row of a tap; 0 where no clip could be read.</summary>
    public int Columns(int tap) => columns[tap];

    /// <summary>A tap's values, row by row: valid until the next batch.</summary>
    public ReadOnlySpan<float> Values(int tap) => memory[tap].AsSpan(0, Requests.Count * columns[tap]);
}

/// <summary>Features in memory.</summary>
/// <param name="Features">A matrix per tap, with a row for each clip that could be read, in the requests' order.</param>
/// <param name="RowOf">Each request's row; -1 where it could not be read.</param>
/// <param name="Failures">Why not, by the request's place.</param>
internal sealed record ExtractedFeatures(IReadOnlyList<FeatureMatrix> Features, IReadOnlyList<int> RowOf, IReadOnlyDictionary<int, string> Failures);
