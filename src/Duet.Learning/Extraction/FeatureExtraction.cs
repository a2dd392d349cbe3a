using System.Globalization;
using System.Text.Json;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Files;
using Duet.Data.Store;
using Duet.Data.Tables;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Native;
using Duet.Learning.Pretext;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Extraction;

/// <summary>
/// From a store's videos to tables of features. Memory holds one row group per layer and the clips being read, whatever the store's size. What is already done is
/// checked and left alone, so that a killed extraction goes on where it was, and several processes can write shares of one folder's parts at the same time.
/// </summary>
public static class FeatureExtraction
{
    /// <summary>Extracts features.</summary>
    /// <param name="source">The networks. They are moved to their device, and their precision is set.</param>
    /// <param name="store">The store.</param>
    /// <param name="options">What to extract.</param>
    /// <param name="output">A <c>.parquet</c> or <c>.npy</c> file, or a folder that gets <c>part-00000.parquet</c> and on: anything that does not end as those files do.</param>
    /// <param name="progress">Hears how far the work is, in clips.</param>
    /// <param name="cancel">Ends it; what is whole stays.</param>
    /// <exception cref="UsageException">An option does not hold, there is no such layer, the store does not fit the networks, or what is there was made with other settings.</exception>
    /// <exception cref="FileWriteException">The output can't be written.</exception>
    public static ExtractResult Run(FeatureSource source, VideoStore store, ExtractOptions options, string output, IProgress<EvaluationProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException($"{error.Property} {error.Message}.");
        }

        var videos = ExtractPlan.Choose(store, options.Split);
        var modality = ModalityOf(source, videos, options.Modality);
        EvaluationParts.CheckFit(store.Settings, modality == ExtractModality.Audio ? null : source.Clip, modality == ExtractModality.Video ? null : source.Spectrogram);
        return Run(source, new EvaluationStore(store, store.Directory, store.Fingerprint), videos, modality, options, output, progress, cancel);
    }

    /// <summary>As above, of any videos: they are in the order of their ids.</summary>
    internal static ExtractResult Run(
        FeatureSource source,
        EvaluationStore store,
        IReadOnlyList<StoredVideo> videos,
        ExtractModality modality,
        ExtractOptions options,
        string output,
        IProgress<EvaluationProgress>? progress,
        CancellationToken cancel)
    {
        var taps = Taps(source, modality, options);
        var (inFolder, isArray) = KindOf(output, taps, options);
        TorchRuntime.SetThreads(source.Machine.Threads);
        var device = Pretraining.DeviceOf(source.Machine.Device);
        var (precision, _) = PrecisionPolicy.Resolve(options.Precision, device.type);
        foreach (var network in taps.Select(t => t.Network).Distinct())
        {
            network.Encoder.to(device);
            network.Head?.to(device);
            network.Encoder.Precision = precision;
        }

        var layers = Shapes(source, taps, device, videos[0].SampleRate);
        var plan = new ExtractPlan(videos, modality, source.Clip, options.ClipsPerVideo, inFolder ? options.VideosPerPart : 0);
        var settings = Settings(source, store, taps, layers, modality, device, precision, options, plan);
        IExtractFile File(int part) => isArray ? new NpyFile(output, layers[0].Features) : new ParquetFile(inFolder ? Path.Combine(output, FeatureParts.FileName(part)) : output);

        if (inFolder)
        {
            ExtractFolder.Prepare(output, plan.Parts);
        }

        // First of all parts whether they are of this table; then, of this shard's, whether they are whole.
        var found = new Dictionary<int, FoundFile>();
        for (var part = 0; part < plan.Parts; part++)
        {
            var own = part % options.Shards == options.Shard - 1;
            if (plan.Parts > 1)
            {
                progress?.Report(new EvaluationProgress($"checking part {part + 1} of {plan.Parts}", 0, 0, 0));
            }

            found[part] = File(part).Find(settings(part), own, cancel);
        }

        int[] mine = [.. Enumerable.Range(0, plan.Parts).Where(p => p % options.Shards == options.Shard - 1)];
        int[] todo = [.. mine.Where(p => found[p].State != FileState.Whole)];
        using var preprocessor = source.Preprocessor(device);
        using var loader = new ClipLoader(store.Clips, source.Clip.Size, options.Loader);
        var total = todo.Sum(p => plan.VideosOf(p).Sum(v => (long)plan.ClipsOf(v).Clips.Count));
        if (todo.Length > 0 && total == 0 && mine.Length == todo.Length && mine.Length == plan.Parts)
        {
            throw new UsageException($"No video can be read: {plan.Videos[0].SourcePath} is {plan.ClipsOf(plan.Videos[0]).Why}, and the other {plan.Videos.Count - 1} are no better.");
        }

        var work = new PartWork(plan, taps, preprocessor, loader, options.Batch, progress is null ? null : new Listener(progress, total), cancel);
        var results = new Dictionary<int, IReadOnlyDictionary<string, string>>();
        foreach (var part in mine)
        {
            if (found[part].State == FileState.Whole)
            {
                results.Add(part, found[part].Metadata);
                continue;
            }

            cancel.ThrowIfCancellationRequested();
            AtomicFile.RemoveLeftovers(Path.GetDirectoryName(Path.GetFullPath(File(part).Path))!, Path.GetFileName(File(part).Path));
            var own = new PartRecord();
            File(part).Write(() => own.Metadata(settings(part), source, taps), work.Blocks(part, own), cancel);
            results.Add(part, own.Metadata(settings(part), source, taps));
        }

        return new ExtractResult
        {
            Source = source.Name,
            Store = store.Path,
            StoreFingerprint = store.Fingerprint,
            Out = Path.GetFullPath(output),
            Layers = layers,
            Pooling = options.Pooling,
            ClipsPerVideo = options.ClipsPerVideo,
            Precision = PrecisionPolicy.NameOf(precision),
            Videos = mine.Sum(p => plan.VideosOf(p).Count()),
            Rows = results.Values.Sum(ExtractMetadata.Rows),
            Parts = new ExtractedParts(plan.Parts, mine.Length, todo.Length, mine.Length - todo.Length, todo.Count(p => found[p].State == FileState.Damaged), found.Count(f => f.Value.State != FileState.Whole && !mine.Contains(f.Key))),
            LeftOut = [.. mine.SelectMany(p => ExtractMetadata.LeftOut(results[p]))],
        };
    }

    private static ExtractModality ModalityOf(FeatureSource source, IReadOnlyList<StoredVideo> videos, ExtractModality? asked)
    {
        var (video, audio) = (source.Network(Modality.Video) is not null, source.Network(Modality.Audio) is not null);
        if (asked is { } wanted)
        {
            return (wanted == ExtractModality.Audio || video) && (wanted == ExtractModality.Video || audio)
                ? wanted
                : throw new UsageException($"'{source.Name}' has no {(video ? "audio" : "video")} encoder. Take --modality {(video ? "video" : "audio")}.");
        }

        // A store of sound alone serves the audio encoder of a run that has both.
        var (frames, sound) = (video && videos.Any(v => v.HasFrames), audio && videos.Any(v => v.HasSound));
        return (frames, sound) switch
        {
            (true, true) => ExtractModality.Both,
            (true, false) => ExtractModality.Video,
            (false, true) => ExtractModality.Audio,
            _ => throw new UsageException($"The store has no {(video ? "pictures" : "sound")}, which the encoder of '{source.Name}' needs. Ingest with --streams both into a new store."),
        };
    }

    private static FeatureTap[] Taps(FeatureSource source, ExtractModality modality, ExtractOptions options)
    {
        Modality[] modalities = modality switch
        {
            ExtractModality.Both => [Modality.Video, Modality.Audio],
            ExtractModality.Video => [Modality.Video],
            _ => [Modality.Audio],
        };
        IReadOnlyList<string> layers = options.Layers.Count == 0 ? [""] : options.Layers;
        return [.. modalities.Select(m => source.Network(m)!).SelectMany(n => layers.Select(l => new FeatureTap(n, n.LayerOf(l), options.Pooling)))];
    }

    private static (bool Folder, bool Array) KindOf(string output, FeatureTap[] taps, ExtractOptions options)
    {
        var isArray = output.EndsWith(".npy", StringComparison.OrdinalIgnoreCase);
        if (!isArray && !output.EndsWith(FeatureParts.Extension, StringComparison.OrdinalIgnoreCase))
        {
            return (true, false);
        }

        if (options.Shards > 1)
        {
            throw new UsageException($"'{output}' names one file, and shards write parts. Name a folder.");
        }

        if (Directory.Exists(output))
        {
            throw new UsageException($"'{output}' is a folder, though it is called like a file. Name a file, or a folder with another name.");
        }

        return isArray && taps.Length > 1
            ? throw new UsageException($"An .npy file holds one array, and {string.Join(", ", taps.Select(t => $"{t.Network.Name} {t.Layer}"))} are {taps.Length}. Name one --modality and one --layer, or write .parquet.")
            : (false, isArray);
    }

    /// <summary>What each tap gives, from a pass of one black and silent clip: known before any video is read.</summary>
    private static List<ExtractedLayer> Shapes(FeatureSource source, FeatureTap[] taps, Device device, int sampleRate)
    {
        var layers = new List<ExtractedLayer>();
        using var scope = NewDisposeScope();
        using var none = no_grad();
        foreach (var tap in taps)
        {
            tap.Network.Encoder.eval();
            tap.Network.Head?.eval();
            using var input = tap.Network.Encoder.Modality == Modality.Video
                ? zeros([1, 3, source.Clip.Frames, source.Clip.Size, source.Clip.Size], device: device)
                : zeros([1, 1, source.Spectrogram!.FrameCount(ClipGrid.SamplesIn(source.Clip.AudioSeconds, sampleRate)), source.Spectrogram.MelBins], device: device);
            var map = tap.Network.Forward(input, [tap.Layer])[0];
            var columns = tap.Pool(map).shape[1];
            layers.Add(new ExtractedLayer(tap.Network.Name, tap.Layer, map.shape[1..], (int)Math.Min(columns, int.MaxValue)));
            if (columns > FeatureTable.MostColumns)
            {
                throw new UsageException($"The {tap.Network.Name} network's {tap.Layer} has {columns} values per clip, more than the {FeatureTable.MostColumns} that a row can hold. Take --pooling average or max, or a later layer.");
            }
        }

        return layers;
    }

    private static Func<int, IReadOnlyDictionary<string, string>> Settings(
        FeatureSource source,
        EvaluationStore store,
        FeatureTap[] taps,
        List<ExtractedLayer> layers,
        ExtractModality modality,
        Device device,
        Precision precision,
        ExtractOptions options,
        ExtractPlan plan)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [PseudoLabelTable.FormatKey] = FeatureTable.Format,
            [ExtractMetadata.VersionKey] = ExtractMetadata.Version,
            ["duet.store"] = store.Fingerprint,
            ["duet.split"] = options.Split,
            ["duet.modality"] = modality.ToString().ToLowerInvariant(),
            ["duet.layers"] = JsonSerializer.Serialize(layers, ExtractMetadata.Json),
            ["duet.pooling"] = options.Pooling.ToString().ToLowerInvariant(),
            ["duet.clips_per_video"] = Number(options.ClipsPerVideo),
            ["duet.precision"] = PrecisionPolicy.NameOf(precision),
            [FeatureParts.PartsKey] = Number(plan.Parts),
        };
        if (ConvolutionPolicy.NameOf(device.type, precision) is var kind and not "direct")
        {
            all["duet.convolutions"] = kind; // tables that do not say so, older ones too, were computed directly
        }

        foreach (var network in taps.GroupBy(t => t.Network))
        {
            all[$"duet.{network.Key.Name}.encoder_sha256"] = source.Checksum(network.Key, network.Any(t => t.Layer == FeatureNetwork.Embedding));
        }

        if (modality != ExtractModality.Audio)
        {
            all["duet.video.frames"] = Number(source.Clip.Frames);
            all["duet.video.frame_rate"] = source.Clip.FrameRate.ToString();
            all["duet.video.seconds"] = (new Rational(source.Clip.Frames) / source.Clip.FrameRate).ToDouble().ToString("R", CultureInfo.InvariantCulture);
        }

        if (modality != ExtractModality.Video)
        {
            all["duet.audio.sample_rate"] = Number(source.Spectrogram!.SampleRate);
            all["duet.audio.seconds"] = source.Clip.AudioSeconds.ToDouble().ToString("R", CultureInfo.InvariantCulture);
        }

        return part => new Dictionary<string, string>(all, StringComparer.Ordinal) { [FeatureParts.PartKey] = Number(part), ["duet.videos_sha256"] = plan.ChecksumOf(part) };
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Counts clips over all parts.</summary>
    private sealed class Listener(IProgress<EvaluationProgress> progress, long total) : IProgress<EvaluationProgress>
    {
        private long before;

        public void Report(EvaluationProgress value)
        {
            progress.Report(value with { Done = before + value.Done, Total = total });
            before += value.Done == value.Total ? value.Total : 0;
        }
    }
}
