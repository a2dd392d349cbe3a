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
    private readonly ProbeOptions options;

    /// <summary>Takes the data.</summary>
    /// <param name="features">A row per clip.</param>
    /// <param name="rowsOf">The rows of each video that could be read.</param>
    /// <param name="labelOf">Each video's class.</param>
    /// <param name="options">The machine, and what is done before and after it.</param>
    public ProbeClassifier(FeatureMatrix features, IReadOnlyList<int>[] rowsOf, int[] labelOf, ProbeOptions options)
    {
        this.options = options;
        this.features = features;
        this.rowsOf = rowsOf;
        this.labelOf = labelOf;
    }

    /// <summary>Fits on some videos and names others.</summary>
    /// <param name="train">Training videos.</param>
    /// <param name="test">Videos to name.</param>
    /// <param name="seed">Keys the folds and the order of visits.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>A class for each test video, the C that was used, and whether the machines met their tolerance.</returns>
    public (int[] Predicted, double C, bool Converged) Run(IReadOnlyList<int> train, IReadOnlyList<int> test, long seed, CancellationToken cancel)
    {
        var c = options.C; // one value, or several to choose from by cross-validation over training videos
        var best = c[0];
        if (c.Count > 1)
        {
            var folds = Folds(train, seed);
            var candidates = c.Order().ToArray();
            var right = new int[candidates.Length];
            foreach (var held in folds.Distinct().Order())
            {
                var outside = train.Where((_, i) => folds[i] == held).ToArray();
                var inside = new TrainingSet(this, train.Where((_, i) => folds[i] != held)); // copied and standardised once for all candidates
                for (var i = 0; i < candidates.Length; i++)
                {
                    var (named, _) = inside.Name(outside, candidates[i], seed, cancel);
                    right[i] += named.Where((p, v) => p == labelOf[outside[v]]).Count();
                }
            }

            best = candidates[Array.IndexOf(right, right.Max())]; // of equals the smallest: the smoothest machine
        }

        var (predicted, converged) = new TrainingSet(this, train).Name(test, best, seed, cancel);
        return (predicted, best, converged);
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

    /// <summary>The clips of some videos, standardised by their own numbers.</summary>
    private sealed class TrainingSet
    {
        private readonly ProbeClassifier data;
        private readonly int[] known; // a class may have no video on this side of a fold: the machine then knows fewer classes
        private readonly int[] labels;
        private readonly FeatureMatrix rows;
        private readonly Standardiser? standardiser; // null: features stay as they are

        public TrainingSet(ProbeClassifier data, IEnumerable<int> videos)
        {
            this.data = data;
            var members = videos.ToArray();
            known = [.. members.Select(v => data.labelOf[v]).Distinct().Order()];
            labels = [.. members.SelectMany(v => data.rowsOf[v].Select(_ => Array.IndexOf(known, data.labelOf[v])))];
            rows = data.features.Take([.. members.SelectMany(v => data.rowsOf[v])]);
            standardiser = data.options.Normalisation == FeatureNormalisation.Standardise ? Standardiser.Fit(rows) : null;
            standardiser?.Apply(rows);
        }

        public (int[] Predicted, bool Converged) Name(IReadOnlyList<int> test, double c, long seed, CancellationToken cancel)
        {
            if (known.Length == 1)
            {
                return ([.. test.Select(_ => known[0])], true);
            }

            var svm = LinearSvm.Fit(rows, labels, known.Length, data.options.Machine(c, seed), cancel);
            var predicted = new int[test.Count];
            Parallel.For(0, test.Count, t =>
            {
                var own = data.features.Take(data.rowsOf[test[t]]);
                standardiser?.Apply(own);
                var (sum, votes, decisions) = (new double[known.Length], new int[known.Length], new double[known.Length]);
                for (var r = 0; r < own.Rows; r++)
                {
                    svm.Decide(own.Row(r), decisions);
                    RowProducts.AddScaled(decisions, 1, sum);
                    votes[Array.IndexOf(decisions, decisions.Max())]++;
                }

                var most = data.options.Average == ClipAverage.Votes ? votes.Max() : 0;
                var best = Enumerable.Range(0, known.Length).Where(k => votes[k] >= most).MaxBy(k => sum[k]); // of equals the first
                predicted[t] = known[best];
            });
            return (predicted, svm.Converged);
        }
    }
}
