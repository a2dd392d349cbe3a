using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Store;
using Duet.Learning.Audio;

namespace Duet.Learning.Evaluation;

/// <summary>
/// The videos of an evaluation: the recipe's division of the store, less every video that taught the run. A store can have
/// changed since, or be another one: what taught the run is known by id and can't come back as a test.
/// </summary>
public sealed record EvaluationParts
{
    /// <summary>Videos that may teach a probe; the run may have learned from them without labels.</summary>
    public required IReadOnlyList<StoredVideo> Train { get; init; }

    /// <summary>Videos to choose by.</summary>
    public required IReadOnlyList<StoredVideo> Validation { get; init; }

    /// <summary>Videos to report on.</summary>
    public required IReadOnlyList<StoredVideo> Test { get; init; }

    /// <summary>Videos that were left out, with the reason.</summary>
    public required IReadOnlyList<LeftOut> LeftOut { get; init; }

    /// <summary>Divides a store's videos.</summary>
    /// <param name="videos">The ready videos.</param>
    /// <param name="data">The recipe's division.</param>
    /// <param name="trained">Ids of the videos that taught the run.</param>
    /// <param name="split"><c>test</c>, <c>all</c>, or a split that the catalog names.</param>
    /// <exception cref="UsageException">There is no such split, or nothing is left of it.</exception>
    public static EvaluationParts Of(IReadOnlyList<StoredVideo> videos, PartitionOptions data, IReadOnlySet<string> trained, string split)
    {
        ArgumentNullException.ThrowIfNull(trained);
        ArgumentNullException.ThrowIfNull(split);
        var partition = Partition.Of(videos, data);
        var validation = partition.Validation.Where(v => !trained.Contains(v.Id)).ToArray();
        var validationIds = validation.Select(v => v.Id).ToHashSet(StringComparer.Ordinal);
        var wanted = split switch
        {
            "test" => partition.Test,
            "all" => [.. videos.Where(v => !validationIds.Contains(v.Id)).OrderBy(v => v.Id, StringComparer.Ordinal)],
            _ => partition.Splits.TryGetValue(split, out var named)
                ? named
                : throw new UsageException(
                    $"The store has no split '{split}'.{(NearestName.Find(split, [.. partition.Splits.Keys, "test", "all"]) is { } near ? $" Did you mean '{near}'?" : "")} It has: {string.Join(", ", partition.Splits.Keys.Order(StringComparer.Ordinal).Concat(["test", "all"]).Distinct(StringComparer.Ordinal))}."),
        };
        var leftOut = new List<LeftOut>();
        var test = new List<StoredVideo>();
        foreach (var video in wanted)
        {
            if (trained.Contains(video.Id))
            {
                if (split != "all")
                {
                    leftOut.Add(new LeftOut(video.Id, video.SourcePath, "the run learned from it"));
                }
            }
            else if (validationIds.Contains(video.Id))
            {
                leftOut.Add(new LeftOut(video.Id, video.SourcePath, "it is a validation video, by which the threshold is chosen"));
            }
            else
            {
                test.Add(video);
            }
        }

        if (test.Count == 0)
        {
            throw new UsageException(wanted.Count == 0
                ? $"The part '{split}' of this store holds no video. Ingest with a list that names splits, or give the recipe's data.test_share more."
                : $"None of the {wanted.Count} videos of the part '{split}' can be a test: the run learned from them or validated on them. Name another part with --split, or a store that the run never saw.");
        }

        return new EvaluationParts { Train = partition.Train, Validation = validation, Test = test, LeftOut = leftOut };
    }

    /// <summary>Checks that a store gives what a run's networks take.</summary>
    /// <param name="store">The store's settings.</param>
    /// <param name="clip">The run's clips; null where frames are not read.</param>
    /// <param name="spectrogram">The run's spectrograms; null where sound is not read.</param>
    /// <exception cref="UsageException">The frame rate or the sample rate does not fit.</exception>
    public static void CheckFit(StoreSettings store, ClipOptions? clip, LogMelOptions? spectrogram)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (clip is not null)
        {
            _ = ClipGrid.StepBetween(store.FrameRate, clip.FrameRate);
        }

        if (spectrogram is not null && store.SampleRate != spectrogram.SampleRate)
        {
            throw new UsageException(
                $"The store's sound has {store.SampleRate} Hz and the run's spectrograms need {spectrogram.SampleRate} Hz. Ingest the videos again with --sample-rate {spectrogram.SampleRate}.");
        }
    }
}

/// <summary>What is evaluated.</summary>
/// <param name="Path">The run's folder.</param>
/// <param name="Recipe">The recipe's name.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Step">Steps that it was trained for.</param>
/// <param name="Precision">What its convolutions compute in here.</param>
/// <param name="Method">What taught it: <c>avts</c>, <c>xdc</c>, ...</param>
public sealed record EvaluatedRun(string Path, string Recipe, long Seed, long Step = 0, string Precision = "fp32", string Method = "");

/// <summary>What it is evaluated on.</summary>
/// <param name="Clips">Reads frames and sound.</param>
/// <param name="Path">The store's folder.</param>
/// <param name="Fingerprint">Which videos it holds.</param>
public sealed record EvaluationStore(IClipStore Clips, string Path, string Fingerprint);
