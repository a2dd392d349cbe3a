using Duet.Data;
using Duet.Data.Datasets;
using Duet.Data.Randomness;
using Duet.Data.Store;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>Which of a split's labelled training videos teach, and which of those choose the learning rate: pure functions of the seed and the videos' ids.</summary>
internal static class TrainingVideos
{
    /// <summary>A share of the videos of each class. A smaller share is part of a larger one, whatever else is in the store.</summary>
    /// <param name="videos">Labelled videos.</param>
    /// <param name="share">Above 0 and at most 1; rounded up to whole videos.</param>
    /// <param name="seed">Which ones.</param>
    /// <returns>The videos by id.</returns>
    public static IReadOnlyList<StoredVideo> Share(IReadOnlyList<StoredVideo> videos, double share, long seed) => [.. videos
        .GroupBy(v => v.Label, StringComparer.Ordinal)
        .SelectMany(g => g
            .OrderBy(v => new KeyedRandom(seed, 0, v.Id, "finetune/label_share").NextUInt64())
            .ThenBy(v => v.Id, StringComparer.Ordinal)
            .Take((int)Math.Ceiling((share * g.Count()) - 1e-9)))
        .OrderBy(v => v.Id, StringComparer.Ordinal)];

    /// <summary>
    /// Holds out about a share of the videos of each class. Videos cut from one recording stay together, where their names tell; each class keeps at least one
    /// recording to learn from.
    /// </summary>
    /// <param name="videos">Labelled videos.</param>
    /// <param name="share">Above 0 and below 1.</param>
    /// <param name="seed">Which ones.</param>
    /// <returns>Videos to learn from and videos to choose by, both by id.</returns>
    /// <exception cref="UsageException">No class has two recordings: nothing can be held out.</exception>
    public static (IReadOnlyList<StoredVideo> Train, IReadOnlyList<StoredVideo> Validation) HoldOut(IReadOnlyList<StoredVideo> videos, double share, long seed)
    {
        var held = new HashSet<string>(StringComparer.Ordinal);
        foreach (var label in videos.GroupBy(v => v.Label, StringComparer.Ordinal))
        {
            var recordings = label
                .GroupBy(SourceGroups.Of, StringComparer.Ordinal)
                .OrderBy(g => new KeyedRandom(seed, 0, g.Key, "finetune/validation").NextUInt64())
                .ThenBy(g => g.Key, StringComparer.Ordinal)
                .ToArray();
            var wanted = Math.Max(1, (int)Math.Round(share * label.Count(), MidpointRounding.AwayFromZero));
            var taken = 0;
            foreach (var recording in recordings.SkipLast(1))
            {
                if (taken >= wanted)
                {
                    break;
                }

                held.UnionWith(recording.Select(v => v.Id));
                taken += recording.Count();
            }
        }

        if (held.Count == 0)
        {
            throw new UsageException(
                "No class has two recordings to learn from, so no learning rate can be chosen on a part of them. Give one rate (finetune.learning_rates: [] and training.learning_rate.base), or label more videos.");
        }

        return ([.. videos.Where(v => !held.Contains(v.Id))], [.. videos.Where(v => held.Contains(v.Id))]);
    }
}
