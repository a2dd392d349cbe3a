using System.Globalization;
using Duet.Data;
using Duet.Data.Randomness;
using Duet.Data.Store;

namespace Duet.Learning.Evaluation;

/// <summary>Which labelled videos teach a probe and which test it.</summary>
/// <param name="Name"><c>test</c>, or a fold's name in the catalog.</param>
/// <param name="Train">Teaching videos.</param>
/// <param name="Test">Testing videos.</param>
public sealed record ProbeSplit(string Name, IReadOnlyList<StoredVideo> Train, IReadOnlyList<StoredVideo> Test);

/// <summary>Finds the divisions of a labelled store.</summary>
public static class ProbeSplits
{
    /// <summary>
    /// Folds where the catalog names at least two (<c>fold1</c>, <c>fold2</c>, ...): each is tested once, by the others. Else one
    /// division: training and validation videos teach, test videos that the run never saw test.
    /// </summary>
    /// <param name="videos">The ready videos.</param>
    /// <param name="parts">Their parts.</param>
    /// <param name="testSplit">The only fold to test, where the run left that one out; empty for all.</param>
    /// <param name="trained">Ids of the videos that taught the run: of a fold that was left out, those take no part. Null: none.</param>
    /// <returns>The divisions, and videos that take no part.</returns>
    /// <exception cref="UsageException">There are no labels, fewer than two classes to teach, or no test video.</exception>
    public static (IReadOnlyList<ProbeSplit> Splits, IReadOnlyList<LeftOut> LeftOut) Of(IReadOnlyList<StoredVideo> videos, Func<EvaluationParts> parts, string testSplit = "", IReadOnlySet<string>? trained = null)
    {
        ArgumentNullException.ThrowIfNull(videos);
        ArgumentNullException.ThrowIfNull(parts);
        if (videos.All(v => string.IsNullOrEmpty(v.Label)))
        {
            throw new UsageException(
                "The store's videos have no labels, which a probe is about. Ingest them again with --labels folders (a folder per class), or from a CSV list with the columns path,label,split.");
        }

        var leftOut = new List<LeftOut>();
        var folds = videos.Where(v => FoldNumber(v.Split) > 0).GroupBy(v => v.Split!, StringComparer.Ordinal).OrderBy(g => FoldNumber(g.Key)).ToArray();
        List<ProbeSplit> splits = [];
        if (folds.Length > 1 && (testSplit.Length == 0 || folds.Any(f => f.Key == testSplit)))
        {
            leftOut.AddRange(videos.Where(v => FoldNumber(v.Split) == 0).Select(v => new LeftOut(v.Id, v.SourcePath, "it is in no fold")));
            splits.AddRange(folds.Where(f => testSplit.Length == 0 || f.Key == testSplit).Select(test => new ProbeSplit(
                test.Key, Labelled([.. folds.Where(f => f != test).SelectMany(f => f)], leftOut), Labelled([.. test.Where(v => testSplit.Length == 0 || trained?.Contains(v.Id) != true)], leftOut))));
            if (testSplit.Length > 0 && trained is not null)
            {
                leftOut.AddRange(videos.Where(v => v.Split == testSplit && trained.Contains(v.Id)).Select(v => new LeftOut(v.Id, v.SourcePath, "a run that this one goes on from learned from it")));
            }
        }
        else
        {
            var division = parts(); // also where the run left out a split that is no fold
            leftOut.AddRange(division.LeftOut);
            splits.Add(new ProbeSplit("test", Labelled([.. division.Train, .. division.Validation], leftOut), Labelled(division.Test, leftOut)));
        }

        for (var i = 0; i < splits.Count; i++)
        {
            var split = splits[i];
            var known = split.Train.Select(v => v.Label).ToHashSet(StringComparer.Ordinal);
            if (known.Count < 2)
            {
                throw new UsageException($"The probe's training part ('{split.Name}' is tested) has {known.Count switch { 0 => "no labelled video", _ => "one class only" }}; it needs two classes or more. Label more videos, or name splits in the list.");
            }

            leftOut.AddRange(split.Test.Where(v => !known.Contains(v.Label)).Select(v => new LeftOut(v.Id, v.SourcePath, $"no training video has its label '{v.Label}'")));
            splits[i] = split with { Test = [.. split.Test.Where(v => known.Contains(v.Label))] };
            if (splits[i].Test.Count == 0)
            {
                throw new UsageException($"The probe has no labelled video to test on ('{split.Name}'). Label more videos, or name a test split in the list.");
            }
        }

        return (splits, [.. leftOut.Distinct()]);
    }

    /// <summary>The same division with a few teaching videos of each class, the same ones whatever else is in the store.</summary>
    /// <param name="split">The division.</param>
    /// <param name="videosPerClass">Teaching videos of each class; a class with fewer keeps all. 0 leaves the division as it is.</param>
    /// <param name="seed">Which ones.</param>
    public static ProbeSplit Few(ProbeSplit split, int videosPerClass, long seed)
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

    private static IReadOnlyList<StoredVideo> Labelled(IReadOnlyList<StoredVideo> videos, List<LeftOut> leftOut)
    {
        leftOut.AddRange(videos.Where(v => string.IsNullOrEmpty(v.Label)).Select(v => new LeftOut(v.Id, v.SourcePath, "it has no label")));
        return [.. videos.Where(v => !string.IsNullOrEmpty(v.Label))];
    }

    /// <summary>n for <c>foldn</c>, in any case; 0 for other names.</summary>
    private static int FoldNumber(string? split) =>
        split is not null && split.StartsWith("fold", StringComparison.OrdinalIgnoreCase)
        && int.TryParse(split.AsSpan(4).Trim("_- "), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
