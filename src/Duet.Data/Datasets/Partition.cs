using Duet.Data.Randomness;
using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// Videos divided into training, validation and test. A split in the catalog decides (train or training; val, valid or
/// validation; test or testing; any case). A part that the catalog names for no video is taken from the videos that are
/// named training or not named at all, by a keyed hash of the id: a video's place depends on its id and the seed alone, so
/// adding videos never moves another one.
/// </summary>
public sealed class Partition
{
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
    /// <exception cref="UsageException">The shares leave nothing for training.</exception>
    public static Partition Of(IReadOnlyList<StoredVideo> videos, PartitionOptions options)
    {
        ArgumentNullException.ThrowIfNull(videos);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException(error.Message);
        }

        var sorted = videos.OrderBy(static v => v.Id, StringComparer.Ordinal).ToArray();
        var named = Array.ConvertAll(sorted, static v => PartOf(v.Split));
        var test = Array.IndexOf(named, Part.Test) < 0 ? options.TestShare : 0;
        var validation = Array.IndexOf(named, Part.Validation) < 0 ? options.ValidationShare : 0;
        var parts = new Part[sorted.Length];
        for (var i = 0; i < sorted.Length; i++)
        {
            parts[i] = named[i] is Part.Validation or Part.Test ? named[i] : Drawn(sorted[i].Id);
        }

        var splits = sorted
            .Where(static v => !string.IsNullOrEmpty(v.Split))
            .GroupBy(static v => v.Split!, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => (IReadOnlyList<StoredVideo>)[.. g], StringComparer.Ordinal);
        return new Partition(Take(Part.Train), Take(Part.Validation), Take(Part.Test), splits);

        Part Drawn(string id)
        {
            // The test's stretch starts at 0 and validation's ends at 1, so changing one share does not move the other part.
            var draw = new KeyedRandom(options.Seed, 0, id, "partition").NextDouble();
            return draw < test ? Part.Test : draw >= 1 - validation ? Part.Validation : Part.Train;
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
