using System.Globalization;
using Duet.Data.Randomness;
using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// Videos divided into training, validation and test. A split in the catalog decides (train or training; val, valid or
/// validation; test or testing; unused; any case). A part that the catalog names for no video is taken from the videos that are
/// named training or not named at all, by a keyed hash of the id: a video's place depends on its id and the seed alone, so
/// adding videos never moves another one, but where a part of a small store would be empty: it gets the one video whose draw comes nearest.
/// Where splits name several divisions (<see cref="Divisions"/>), one of them decides: the options' test split, else the first.
/// </summary>
public sealed class Partition
{
    /// <summary>With fewer videos to learn from, none is taken away.</summary>
    private const int LeastToRescue = 3;

    private Partition(StoredVideo[] train, StoredVideo[] validation, StoredVideo[] test, IReadOnlyDictionary<string, IReadOnlyList<StoredVideo>> splits, string? note)
    {
        Train = train;
        Validation = validation;
        Test = test;
        Splits = splits;
        Note = note;
    }

    /// <summary>Videos to learn from, by id.</summary>
    public IReadOnlyList<StoredVideo> Train { get; }

    /// <summary>Videos to choose thresholds and stop early by, by id.</summary>
    public IReadOnlyList<StoredVideo> Validation { get; }

    /// <summary>Videos to report numbers on, by id.</summary>
    public IReadOnlyList<StoredVideo> Test { get; }

    /// <summary>
    /// The videos of every split that the catalog names (<c>fold1</c> ...; of several divisions <c>split1=test</c> ...), by id. A fold is no part: its videos also
    /// have one by hash.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<StoredVideo>> Splits { get; }

    /// <summary>Which of several divisions decided, for people; null where the catalog names none.</summary>
    public string? Note { get; }

    /// <summary>Divides videos; their order does not matter.</summary>
    /// <exception cref="UsageException">The shares leave nothing for training, no video is of the test split, or a split can't be read.</exception>
    public static Partition Of(IReadOnlyList<StoredVideo> videos, PartitionOptions options)
    {
        ArgumentNullException.ThrowIfNull(videos);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException(error.Message);
        }

        var sorted = videos.OrderBy(static v => v.Id, StringComparer.Ordinal).ToArray();
        var divisions = Divisions.PartsOf(sorted);
        var names = Divisions.Names(divisions.Values);
        var asked = options.TestSplit;
        if (asked.Length > 0 && !names.Contains(asked, StringComparer.Ordinal) && !sorted.Any(v => !Divisions.IsSeveral(v.Split) && string.Equals(v.Split, asked, StringComparison.Ordinal)))
        {
            var known = names.Concat(sorted.Select(static v => v.Split).OfType<string>().Where(static s => s.Length > 0 && !Divisions.IsSeveral(s)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)).ToArray();
            throw new UsageException(
                $"The store has no split '{asked}', which data.test_split names. {(known.Length == 0 ? "It names no splits: ingest from a list with a column 'split', or from a data set's layout." : $"It has {string.Join(", ", known)}.")}");
        }

        // Of several divisions one must decide: a test video of one is a training video of another.
        var division = names.Count == 0 ? null : names.Contains(asked, StringComparer.Ordinal) ? asked : names[0];
        var named = Array.ConvertAll<StoredVideo, DivisionPart?>(sorted, v =>
            division is not null && Divisions.IsSeveral(v.Split) ? Divisions.PartIn(divisions, v, division)
            : asked.Length > 0 && string.Equals(v.Split, asked, StringComparison.Ordinal) ? DivisionPart.Test
            : Divisions.PartOf(v.Split));
        var test = Array.IndexOf(named, DivisionPart.Test) < 0 ? options.TestShare : 0;
        var validation = Array.IndexOf(named, DivisionPart.Validation) < 0 ? options.ValidationShare : 0;
        var draws = Array.ConvertAll(sorted, v => new KeyedRandom(options.Seed, 0, v.Id, "partition").NextDouble());
        var parts = new DivisionPart[sorted.Length];
        for (var i = 0; i < sorted.Length; i++)
        {
            // The test's stretch starts at 0 and validation's ends at 1, so changing one share does not move the other part.
            parts[i] = named[i] is { } part and not DivisionPart.Train ? part
                : draws[i] < test ? DivisionPart.Test : draws[i] >= 1 - validation ? DivisionPart.Validation : DivisionPart.Train;
        }

        // In a small store the draw can miss a part that was asked for; it gets the video that came nearest.
        Rescue(DivisionPart.Test, test, d => d);
        Rescue(DivisionPart.Validation, validation, d => -d);

        var splits = sorted
            .Where(static v => !string.IsNullOrEmpty(v.Split))
            .SelectMany(v => Divisions.IsSeveral(v.Split) ? Divisions.Each(divisions[v.Split].Select(static p => (p.Key, p.Value))).Select(name => (Name: name, Video: v)) : [(v.Split!, v)])
            .GroupBy(static p => p.Name, static p => p.Video, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => (IReadOnlyList<StoredVideo>)[.. g], StringComparer.Ordinal);
        return new Partition(Take(DivisionPart.Train), Take(DivisionPart.Validation), Take(DivisionPart.Test), splits, InWords());

        string? InWords()
        {
            if (division is null)
            {
                return null;
            }

            var (held, unused) = (parts.Count(static p => p == DivisionPart.Test), parts.Count(static p => p == DivisionPart.Unused));
            var why = names.Contains(asked, StringComparer.Ordinal) ? "data.test_split names it" : $"the first of {string.Join(", ", names)}; data.test_split names another";
            return string.Create(CultureInfo.InvariantCulture, $"The division {division} decides what is learned from ({why}): its {held} test videos are held out{(unused > 0 ? $", and {unused} that it does not use take no part" : "")}.");
        }

        void Rescue(DivisionPart part, double share, Func<double, double> distance)
        {
            int[] candidates = [.. Enumerable.Range(0, parts.Length).Where(i => parts[i] == DivisionPart.Train && named[i] is null)];
            if (share > 0 && Array.IndexOf(parts, part) < 0 && candidates.Length >= LeastToRescue)
            {
                parts[candidates.MinBy(i => distance(draws[i]))] = part;
            }
        }

        StoredVideo[] Take(DivisionPart part) => [.. sorted.Where((_, i) => parts[i] == part)];
    }
}
