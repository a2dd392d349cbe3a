using Duet.Data.Randomness;

namespace Duet.Learning.Evaluation;

/// <summary>
/// Videos named by the mean of their clips' decision values. Standardising, choosing C and fitting see training videos only;
/// the clips of one video are never on both sides of anything.
/// </summary>
internal sealed class ProbeClassifier
{
    private const int CrossValidationFolds = 5;
    private readonly FeatureMatrix features;
    private readonly IReadOnlyList<int>[] rowsOf;
    private readonly int[] labelOf;

    /// <summary>Takes the data.</summary>
    /// <param name="features">A row per clip.</param>
    /// <param name="rowsOf">The rows of each video that could be read.</param>
    /// <param name="labelOf">Each video's class.</param>
    public ProbeClassifier(FeatureMatrix features, IReadOnlyList<int>[] rowsOf, int[] labelOf)
    {
        this.features = features;
        this.rowsOf = rowsOf;
        this.labelOf = labelOf;
    }

    /// <summary>Fits on some videos and names others.</summary>
    /// <param name="train">Training videos.</param>
    /// <param name="test">Videos to name.</param>
    /// <param name="c">One value, or several to choose from by cross-validation over training videos.</param>
    /// <param name="seed">Keys the folds and the order of visits.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>A class for each test video, the C that was used, and whether the machines met their tolerance.</returns>
    public (int[] Predicted, double C, bool Converged) Run(IReadOnlyList<int> train, IReadOnlyList<int> test, IReadOnlyList<double> c, long seed, CancellationToken cancel)
    {
        var best = c[0];
        if (c.Count > 1)
        {
            var folds = Folds(train, seed);
            var mostRight = -1;
            foreach (var candidate in c.Order())
            {
                var right = 0;
                foreach (var held in folds.Distinct().Order())
                {
                    var inside = train.Where((_, i) => folds[i] != held).ToArray();
                    var outside = train.Where((_, i) => folds[i] == held).ToArray();
                    var (named, _) = Fit(inside, outside, candidate, seed, cancel);
                    right += named.Where((p, i) => p == labelOf[outside[i]]).Count();
                }

                if (right > mostRight)
                {
                    (mostRight, best) = (right, candidate); // of equals the smallest: the smoothest machine
                }
            }
        }

        var (predicted, converged) = Fit(train, test, best, seed, cancel);
        return (predicted, best, converged);
    }

    private (int[] Predicted, bool Converged) Fit(IReadOnlyList<int> train, IReadOnlyList<int> test, double c, long seed, CancellationToken cancel)
    {
        // A class may have no video on this side of a fold: the machine then knows fewer classes.
        var known = train.Select(v => labelOf[v]).Distinct().Order().ToArray();
        var number = known.Select((label, i) => (label, i)).ToDictionary(p => p.label, p => p.i);
        if (known.Length == 1)
        {
            return ([.. test.Select(_ => known[0])], true);
        }

        var rows = train.SelectMany(v => rowsOf[v]).ToArray();
        var x = features.Take(rows);
        var labels = train.SelectMany(v => rowsOf[v].Select(_ => number[labelOf[v]])).ToArray();
        var standardiser = Standardiser.Fit(x);
        standardiser.Apply(x);
        var svm = LinearSvm.Fit(x, labels, known.Length, new LinearSvmOptions { C = c, Seed = seed }, cancel);
        var predicted = new int[test.Count];
        Parallel.For(0, test.Count, t =>
        {
            var own = features.Take(rowsOf[test[t]]);
            standardiser.Apply(own);
            var sum = new double[known.Length];
            var decisions = new double[known.Length];
            for (var r = 0; r < own.Rows; r++)
            {
                svm.Decide(own.Row(r), decisions);
                for (var k = 0; k < sum.Length; k++)
                {
                    sum[k] += decisions[k];
                }
            }

            predicted[t] = known[Array.IndexOf(sum, sum.Max())];
        });
        return (predicted, svm.Converged);
    }

    /// <summary>A fold for each training video: every class is dealt out evenly.</summary>
    private int[] Folds(IReadOnlyList<int> train, long seed)
    {
        var folds = new int[train.Count];
        var next = 0;
        foreach (var group in Enumerable.Range(0, train.Count).GroupBy(i => labelOf[train[i]]).OrderBy(g => g.Key))
        {
            var members = group.ToArray();
            new KeyedRandom(seed, group.Key, "", "probe/folds").Shuffle(members.AsSpan());
            foreach (var member in members)
            {
                folds[member] = next++ % CrossValidationFolds;
            }
        }

        return folds;
    }
}
