using System.Globalization;
using System.Text.Json;
using Duet.Data.Clips;
using Duet.Data.Store;
using Duet.Data.Tables;
using Duet.Learning.Audio;
using Duet.Learning.Evaluation;

namespace Duet.Learning.Extraction;

/// <summary>What becomes known of a part while it is written.</summary>
internal sealed class PartRecord
{
    /// <summary>Rows.</summary>
    public long Rows { get; set; }

    /// <summary>Their checksum.</summary>
    public string Checksum { get; set; } = "";

    /// <summary>What could not be read.</summary>
    public List<LeftOut> LeftOut { get; } = [];

    /// <summary>The part's metadata.</summary>
    public Dictionary<string, string> Metadata(IReadOnlyDictionary<string, string> settings, FeatureSource source, IReadOnlyList<FeatureTap> taps)
    {
        var all = new Dictionary<string, string>(settings, StringComparer.Ordinal)
        {
            ["duet.source"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(source.Name)),
            [ExtractMetadata.RowsKey] = Rows.ToString(CultureInfo.InvariantCulture),
            [ExtractMetadata.ChecksumKey] = Checksum,
            [ExtractMetadata.LeftOutKey] = JsonSerializer.Serialize(LeftOut, ExtractMetadata.Json),
        };
        foreach (var (network, card) in source.Networks.Zip(source.Cards).Where(p => taps.Any(t => t.Network == p.First)))
        {
            all[$"duet.{network.Name}.card"] = card.ToJson();
        }

        return all;
    }
}

/// <summary>Makes the rows of parts.</summary>
internal sealed class PartWork(ExtractPlan plan, IReadOnlyList<FeatureTap> taps, ClipPreprocessor preprocessor, ClipLoader loader, int batch, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
{
    /// <summary>Videos whose clips are asked for at once: a part may be a whole store.</summary>
    private const int VideosAtOnce = 512;

    /// <summary>Values that wait for their row group: 16 MB.</summary>
    private const int ValuesPerBlock = 1 << 22;

    /// <summary>The rows of a part, in blocks of one layer each: by layer, in the order of the clips.</summary>
    /// <param name="part">Which.</param>
    /// <param name="record">Learns what was read; complete after the last block.</param>
    public IEnumerable<FeatureBlock> Blocks(int part, PartRecord record)
    {
        var extractor = new FeatureExtractor(preprocessor, loader, batch, progress, cancel);
        var waiting = taps.Select(t => new WaitingRows(t)).ToArray();
        using var checksum = new FeatureChecksum();
        foreach (var videos in plan.VideosOf(part).Chunk(VideosAtOnce))
        {
            foreach (var read in extractor.Read("features", taps, Requests(videos, record)))
            {
                for (var t = 0; t < taps.Count; t++)
                {
                    // Before it gets more than a block: a batch alone may be one.
                    if (waiting[t].Count > 0 && waiting[t].Count + read.Values(t).Length > ValuesPerBlock)
                    {
                        yield return Take(waiting[t]);
                    }

                    waiting[t].Add(read, t);
                }

                record.LeftOut.AddRange(read.Failures.Select(f => Describe(f, videos)));
            }
        }

        foreach (var rest in waiting.Where(w => w.Count > 0))
        {
            yield return Take(rest);
        }

        record.Checksum = checksum.Current();

        FeatureBlock Take(WaitingRows rows)
        {
            var block = rows.Take();
            checksum.Add(block);
            record.Rows += block.Rows.Count;
            return block;
        }
    }

    private List<ClipRequest> Requests(StoredVideo[] videos, PartRecord record)
    {
        var requests = new List<ClipRequest>();
        foreach (var video in videos)
        {
            var (clips, why) = plan.ClipsOf(video);
            requests.AddRange(clips);
            if (why is not null)
            {
                record.LeftOut.Add(new LeftOut(video.Id, video.SourcePath, why));
            }
        }

        return requests;
    }

    private static LeftOut Describe(SampleFailure failure, StoredVideo[] videos)
    {
        var video = Array.Find(videos, v => v.Id == failure.VideoId)!;
        return new LeftOut(video.Id, video.SourcePath, $"a clip can't be read: {failure.Reason}");
    }

    /// <summary>Rows of one layer that are not written yet.</summary>
    private sealed class WaitingRows(FeatureTap tap)
    {
        private List<FeatureRow> rows = [];
        private float[] values = [];
        private int columns;

        /// <summary>Values.</summary>
        public int Count { get; private set; }

        public void Add(FeatureBatch read, int t)
        {
            var added = read.Values(t);
            columns = read.Requests.Count > 0 ? read.Columns(t) : columns;
            if (values.Length < Count + added.Length)
            {
                Array.Resize(ref values, Math.Max(Count + added.Length, Math.Min(2 * values.Length, ValuesPerBlock)));
            }

            added.CopyTo(values.AsSpan(Count));
            Count += added.Length;
            var modality = tap.Network.Encoder.Modality;
            rows.AddRange(read.Requests.Select(r => new FeatureRow(r.SampleId, r.Video.Id, ExtractPlan.StartOf(r, modality), tap.Network.Name, tap.Layer)));
        }

        /// <summary>All of them; their memory is used again after the next <see cref="Add"/>.</summary>
        public FeatureBlock Take()
        {
            var block = new FeatureBlock(rows, columns, values.AsMemory(0, Count));
            (rows, Count) = ([], 0);
            return block;
        }
    }
}
