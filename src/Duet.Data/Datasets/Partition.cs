using Duet.Data.Randomness;
using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// Videos divided into training, validation and test. A split in the catalog decides (train or training; val, valid or
/// validation; test or testing; any case). A part that the catalog names for no video is taken from the videos that are
/// named training or not named at all, by a keyed hash of the id: a video's place depends on its id and the seed alone, so
/// adding videos never moves another one, but where a part of a small store would be empty: it gets the one video whose draw comes nearest.
/// </summary>
public sealed class Partition
{
    /// <summary>With fewer videos to learn from, none is taken away.</summary>
    private const int LeastToRescue = 3;

    private Partition(StoredVideo[] train, StoredVideo[] validation, StoredVideo[] test, IReadOnlyDictionary<string, IReadOnlyList<StoredVideo>> splits)
    {
        Train = train;
        Validation = validation;
        Test = test;
        Splits = splits;
    }

    /// <summary>Videos to learn from, by id.</summary>
    public IReadOnlyList<StoredVideo> Train { get; }

    /// <summary>Videos to choose thresholds and stop early by, by id.</summary>
    public IReadOnlyList<StoredVideo> Validation { get; }

    /// <summary>Videos to report numbers on, by id.</summary>
    public IReadOnlyList<StoredVideo> Test { get; }

    /// <summary>The videos of every split that the catalog names (<c>fold1</c> ...), as it is written there, by id. A fold is no part: its videos also have one by hash.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<StoredVideo>> Splits { get; }

    /// <summary>Divides videos; their order does not matter.</summary>
    /// <exception cref="UsageException">The shares leave nothing for training, or no video is of the test split.</exception>
    public static Partition Of(IReadOnlyList<StoredVideo> videos, PartitionOptions options)
    {
        ArgumentNullException.ThrowIfNull(videos);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException(error.Message);
        }

        var sorted = videos.OrderBy(static v => v.Id, StringComparer.Ordinal).ToArray();
        var named = Array.ConvertAll(sorted, v => options.TestSplit.Length > 0 && string.Equals(v.Split, options.TestSplit, StringComparison.Ordinal) ? Part.Test : PartOf(v.Split));
        if (options.TestSplit.Length > 0 && !sorted.Any(v => string.Equals(v.Split, options.TestSplit, StringComparison.Ordinal)))
        {
            var known = sorted.Select(static v => v.Split).OfType<string>().Where(static s => s.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
            throw new UsageException(
                $"The store has no split '{options.TestSplit}', which data.test_split names. {(known.Length == 0 ? "It names no splits: ingest from a list with a column 'split', or from a data set's layout." : $"It has {string.Join(", ", known)}.")}");
        }

        var test = Array.IndexOf(named, Part.Test) < 0 ? options.TestShare : 0;
        var validation = Array.IndexOf(named, Part.Validation) < 0 ? options.ValidationShare : 0;
        var draws = Array.ConvertAll(sorted, v => new KeyedRandom(options.Seed, 0, v.Id, "partition").NextDouble());
        var parts = new Part[sorted.Length];
        for (var i = 0; i < sorted.Length; i++)
        {
            // The test's stretch starts at 0 and validation's ends at 1, so changing one share does not move the other part.
            parts[i] = named[i] is Part.Validation or Part.Test ? named[i] : draws[i] < test ? Part.Test : draws[i] >= 1 - validation ? Part.Validation : Part.Train;
        }

        // In a small store the draw can miss a part that was asked for; it gets the video that came nearest.
        Rescue(Part.Test, test, d => d);
        Rescue(Part.Validation, validation, d => -d);

        var splits = sorted
            .Where(static v => !string.IsNullOrEmpty(v.Split))
            .GroupBy(static v => v.Split!, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => (IReadOnlyList<StoredVideo>)[.. g], StringComparer.Ordinal);
        return new Partition(Take(Part.Train), Take(Part.Validation), Take(Part.Test), splits);

        void Rescue(Part part, double share, Func<double, double> distance)
        {
            int[] candidates = [.. Enumerable.Range(0, parts.Length).Where(i => parts[i] == Part.Train && named[i] == Part.None)];
            if (share > 0 && Array.IndexOf(parts, part) < 0 && candidates.Length >= LeastToRescue)
            {
                parts[candidates.MinBy(i => distance(draws[i]))] = part;
            }
        }

        StoredVideo[] Take(Part part) => [.. sorted.Where((_, i) => parts[i] == part)];
    }

    private static Part PartOf(string? split) => split?.Trim().ToUpperInvariant() switch
    {
        "TRAIN" or "TRAINING" => Part.Train,
        "VAL" or "VALID" or "VALIDATION" => Part.Validation,
        "TEST" or "TESTING" => Part.Test,
        _ => Part.None,
    };

    private enum Part
    {
        None,
        Train,
        Validation,
        Test,
    }
}
