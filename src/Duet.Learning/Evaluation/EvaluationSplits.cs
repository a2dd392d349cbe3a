using Duet.Data;
using Duet.Data.Datasets;
using Duet.Data.Randomness;
using Duet.Data.Store;

namespace Duet.Learning.Evaluation;

/// <summary>Which labelled videos teach and which test.</summary>
/// <param name="Name"><c>test</c>, <c>val</c>, a fold's or a division's name in the catalog.</param>
/// <param name="Train">Teaching videos.</param>
/// <param name="Test">Testing videos.</param>
public sealed record EvaluationSplit(string Name, IReadOnlyList<StoredVideo> Train, IReadOnlyList<StoredVideo> Test);

/// <summary>Finds the divisions of a labelled store: the one way by which every evaluation that needs labels gets its videos.</summary>
public static class EvaluationSplits
{
    /// <summary>
    /// The data set's own divisions (<see cref="Divisions"/>): several official ones (<c>split1</c>, <c>split2</c>, ...), or folds, each tested once by the others.
    /// Else one: training and validation videos teach and test videos that the run never saw test; where no labelled video is named test but some are named
    /// validation (Kinetics keeps the labels of its test part), those are the test.
    /// </summary>
    /// <param name="videos">The ready videos.</param>
    /// <param name="parts">Their parts.</param>
    /// <param name="testSplit">The only fold or division to test, where the run left that one out; empty for all.</param>
    /// <param name="trained">
    /// Ids of the videos that taught the run: of a fold that was left out, of official divisions and of a validation part they don't test. A division
    /// of which nothing is left is left out. Null: none.
    /// </param>
    /// <param name="which">Some of them, as <see cref="Pick"/> has it: what the others would leave out is then not listed. Empty for all.</param>
    /// <returns>The divisions, and videos that take no part.</returns>
    /// <exception cref="UsageException">There are no labels, fewer than two classes to teach, no test video, or no such division.</exception>
    public static (IReadOnlyList<EvaluationSplit> Splits, IReadOnlyList<LeftOut> LeftOut) Of(
        IReadOnlyList<StoredVideo> videos, Func<EvaluationParts> parts, string testSplit = "", IReadOnlySet<string>? trained = null, string? which = null)
    {
        ArgumentNullException.ThrowIfNull(videos);
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentNullException.ThrowIfNull(testSplit);
        if (videos.All(v => string.IsNullOrEmpty(v.Label)))
        {
            throw new UsageException(
                "The store's videos have no labels, which a probe is about. Ingest them again with --labels folders (a folder per class), or from a CSV list with the columns path,label,split.");
        }

        var leftOut = new List<LeftOut>();
        var splits = Raw(videos, parts, testSplit, trained, which, leftOut);
        for (var i = 0; i < splits.Count; i++)
        {
            var split = splits[i];
            var known = split.Train.Select(v => v.Label).ToHashSet(StringComparer.Ordinal);
            if (known.Count < 2)
            {
                throw new UsageException($"The training part ('{split.Name}' is tested) has {known.Count switch { 0 => "no labelled video", _ => "one class only" }}; it needs two classes or more. Label more videos, or name splits in the list.");
            }

            leftOut.AddRange(split.Test.Where(v => !known.Contains(v.Label)).Select(v => new LeftOut(v.Id, v.SourcePath, $"no training video has its label '{v.Label}'")));
            splits[i] = split with { Test = [.. split.Test.Where(v => known.Contains(v.Label))] };
            if (splits[i].Test.Count == 0)
            {
                throw new UsageException($"There is no labelled video to test on ('{split.Name}'). Label more videos, or name a test split in the list.");
            }
        }

        return (splits, [.. leftOut.Distinct()]);
    }

    /// <summary>Some of the divisions, such as the papers' ablations on the first one.</summary>
    /// <param name="splits">All of them.</param>
    /// <param name="which">Names or numbers, apart by commas: <c>split1,split3</c>, or <c>1</c> for <c>split1</c> and <c>fold1</c>. Empty for all.</param>
    /// <returns>Those, in the divisions' order.</returns>
    /// <exception cref="UsageException">There is no such division.</exception>
    public static IReadOnlyList<EvaluationSplit> Pick(IReadOnlyList<EvaluationSplit> splits, string? which)
    {
        ArgumentNullException.ThrowIfNull(splits);
        return Pick(splits, static s => s.Name, which);
    }

    /// <summary>The same division with a few teaching videos of each class, the same ones whatever else is in the store.</summary>
    /// <param name="split">The division.</param>
    /// <param name="videosPerClass">Teaching videos of each class; a class with fewer keeps all. 0 leaves the division as it is.</param>
    /// <param name="seed">Which ones.</param>
    public static EvaluationSplit Few(EvaluationSplit split, int videosPerClass, long seed)
    {
        ArgumentNullException.ThrowIfNull(split);
        ArgumentOutOfRangeException.ThrowIfNegative(videosPerClass);
        if (videosPerClass == 0)
        {
            return split;
        }

        var few = split.Train
            .GroupBy(v => v.Label, StringComparer.Ordinal)
            .SelectMany(g => g.OrderBy(v => new KeyedRandom(seed, 0, v.Id, "probe/few").NextUInt64()).ThenBy(v => v.Id, StringComparer.Ordinal).Take(videosPerClass))
            .OrderBy(v => v.Id, StringComparer.Ordinal);
        return split with { Train = [.. few] };
    }

    private static List<EvaluationSplit> Raw(IReadOnlyList<StoredVideo> videos, Func<EvaluationParts> parts, string testSplit, IReadOnlySet<string>? trained, string? which, List<LeftOut> leftOut)
    {
        var divisions = Divisions.Of(videos);
        if (divisions.Count > 0 && (testSplit.Length == 0 || divisions.Any(d => d.Name == testSplit)))
        {
            // Folds that the run did not leave out were learned from as a whole, without labels; official divisions are held out by default.
            var areFolds = !videos.Any(v => Divisions.IsSeveral(v.Split));
            var excluded = areFolds && testSplit.Length == 0 ? null : trained;
            var asked = Pick([.. divisions.Where(d => testSplit.Length == 0 || d.Name == testSplit)], static d => d.Name, which);
            var used = asked.SelectMany(d => d.Train.Concat(d.Test)).ToHashSet();
            leftOut.AddRange(videos.Where(v => !used.Contains(v)).Select(v => new LeftOut(v.Id, v.SourcePath, areFolds ? "it is in no fold" : $"{string.Join(", ", asked.Select(d => d.Name))} do not use it")));
            var splits = asked
                .Select(d => (All: d.Test.Count, Split: new EvaluationSplit(d.Name, Labelled(d.Train, leftOut), Labelled(Unseen(d.Test, excluded, testSplit, leftOut), leftOut))))
                .Where(d => d.Split.Test.Count > 0 || d.All == 0 || excluded is null)
                .Select(d => d.Split)
                .ToList();
            return splits.Count > 0 ? splits
                : throw new UsageException($"The run learned from every test video of {string.Join(", ", asked.Select(d => d.Name))}: nothing of them can be a test. Train a run that leaves one out (data.test_split), or name another store.");
        }

        var labelled = videos.Where(v => !string.IsNullOrEmpty(v.Label)).ToLookup(v => Divisions.PartOf(v.Split));
        if (testSplit.Length == 0 && !labelled[DivisionPart.Test].Any() && labelled[DivisionPart.Validation].Any() && labelled[DivisionPart.Train].Any())
        {
            leftOut.AddRange(labelled[DivisionPart.Unused].Select(v => new LeftOut(v.Id, v.SourcePath, "its split is 'unused'")));
            return One(new EvaluationSplit(
                "val", [.. labelled[DivisionPart.Train].OrderBy(v => v.Id, StringComparer.Ordinal)],
                Unseen([.. labelled[DivisionPart.Validation].OrderBy(v => v.Id, StringComparer.Ordinal)], trained, testSplit, leftOut)));
        }

        var division = parts(); // also where the run left out a split that is no fold
        leftOut.AddRange(division.LeftOut);
        return One(new EvaluationSplit("test", Labelled([.. division.Train, .. division.Validation], leftOut), Labelled(division.Test, leftOut)));

        List<EvaluationSplit> One(EvaluationSplit split) => [.. Pick([split], which)];
    }

    private static IReadOnlyList<T> Pick<T>(IReadOnlyList<T> divisions, Func<T, string> name, string? which)
        where T : class
    {
        if (string.IsNullOrWhiteSpace(which))
        {
            return divisions;
        }

        var picked = which.Split(',', StringSplitOptions.TrimEntries).Select(item =>
            divisions.FirstOrDefault(d => string.Equals(name(d), item, StringComparison.OrdinalIgnoreCase))
            ?? divisions.FirstOrDefault(d => item.Length > 0 && item.All(char.IsAsciiDigit) && string.Equals(Number(name(d)), item.TrimStart('0'), StringComparison.Ordinal))
            ?? throw new UsageException($"--splits {which}: there is no division '{item}' to test. There is {string.Join(", ", divisions.Select(name))}.")).ToHashSet();
        return [.. divisions.Where(picked.Contains)];
    }

    private static IReadOnlyList<StoredVideo> Unseen(IReadOnlyList<StoredVideo> videos, IReadOnlySet<string>? trained, string testSplit, List<LeftOut> leftOut)
    {
        if (trained is null)
        {
            return videos;
        }

        var why = testSplit.Length > 0 ? "a run that this one goes on from learned from it" : "the run learned from it";
        leftOut.AddRange(videos.Where(v => trained.Contains(v.Id)).Select(v => new LeftOut(v.Id, v.SourcePath, why)));
        return [.. videos.Where(v => !trained.Contains(v.Id))];
    }

    private static string Number(string name) => name[name.AsSpan().TrimEnd("0123456789").Length..].TrimStart('0');

    private static IReadOnlyList<StoredVideo> Labelled(IReadOnlyList<StoredVideo> videos, List<LeftOut> leftOut)
    {
        leftOut.AddRange(videos.Where(v => string.IsNullOrEmpty(v.Label)).Select(v => new LeftOut(v.Id, v.SourcePath, "it has no label")));
        return [.. videos.Where(v => !string.IsNullOrEmpty(v.Label))];
    }
}
