using System.CommandLine;
using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Cli.Output;
using Duet.Data;
using Duet.Data.Tables;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Pretext.Clustering;

namespace Duet.Cli.Verbs;

/// <summary><c>duet cluster FEATURES.parquet -k K [--out LABELS.parquet]</c>: k-means alone, on features from anywhere.</summary>
internal static class ClusterVerb
{
    public static Command Create()
    {
        var defaults = new KMeansOptions();
        var features = new Argument<string>("FEATURES") { Description = "A Parquet file, or a folder with several, with the columns clip (an id) and feature (a list of floats, as many in each row); 'duet extract' makes them. See docs/kmeans.md." };
        var k = new Option<int>("-k", "--clusters") { Description = "Clusters.", Required = true, HelpName = "K" };
        var output = new Option<string?>("--out") { Description = "Where to write each clip's cluster and distance, as a Parquet file.", HelpName = "FILE" };
        var seed = new Option<long>("--seed") { Description = "The seed of the first centroids (default 0).", HelpName = "N" };
        var restarts = new Option<int>("--restarts") { Description = $"Runs, of which the best is taken (default {defaults.Restarts}).", HelpName = "N", DefaultValueFactory = _ => defaults.Restarts };
        var iterations = new Option<int>("--iterations") { Description = $"Iterations at most (default {defaults.Iterations}).", HelpName = "N", DefaultValueFactory = _ => defaults.Iterations };
        var tolerance = new Option<double>("--tolerance") { Description = "End where the objective falls by no more than this share (default 0: where no clip changes its cluster).", HelpName = "SHARE" };
        var seeding = new Option<string>("--seeding") { Description = "The first centroids: k-means++, or rows drawn evenly (default plus_plus).", HelpName = "plus_plus|random", DefaultValueFactory = _ => "plus_plus" };
        seeding.AcceptOnlyFromAmong("plus_plus", "random");
        var pca = new Option<int>("--pca") { Description = "Principal components to keep (default: no PCA).", HelpName = "N" };
        var whiten = new Option<bool>("--whiten") { Description = "Scale principal components to variance 1." };
        var l2 = new Option<bool>("--l2") { Description = "Scale each clip's features to length 1, after PCA and whitening." };
        var precision = new Option<Precision>("--precision") { Description = "What finds candidates; 32-bit floats decide between them (default auto).", HelpName = "auto|fp32|bf16", DefaultValueFactory = _ => Precision.Auto };
        var modality = new Option<string?>("--modality") { Description = "Which features, where the file has several.", HelpName = "NAME" };
        var layer = new Option<string?>("--layer") { Description = "Which features, where the file has several.", HelpName = "NAME" };
        var verb = new Verb("cluster", "Clusters features by k-means.")
        {
            Examples =
            [
                new("duet cluster features.parquet -k 64", "how well do they cluster?"),
                new("duet cluster features.parquet -k 256 --pca 128 --whiten --l2 --restarts 3 --out labels.parquet", "each clip's cluster, as a table to join on"),
            ],
        };
        verb.Arguments.Add(features);
        foreach (var option in new Option[] { k, output, seed, restarts, iterations, tolerance, seeding, pca, whiten, l2, precision, modality, layer })
        {
            verb.Options.Add(option);
        }

        verb.Run(context =>
        {
            var parse = context.Parse;
            var options = new KMeansOptions
            {
                Iterations = parse.GetValue(iterations),
                Tolerance = parse.GetValue(tolerance),
                Seeding = parse.GetValue(seeding) == "random" ? KMeansSeeding.Random : KMeansSeeding.PlusPlus,
                Restarts = parse.GetValue(restarts),
                L2 = parse.GetValue(l2),
                Pca = parse.GetValue(pca),
                Whiten = parse.GetValue(whiten),
                Precision = parse.GetValue(precision),
            };
            foreach (var error in options.Validate())
            {
                throw new UsageException($"--{error.Property.ToLowerInvariant()}: {error.Message}.");
            }

            var path = parse.GetRequiredValue(features);
            var clusters = parse.GetValue(k);
            var random = parse.GetValue(seed);
            if (clusters < 1)
            {
                throw new UsageException($"-k {clusters}: there must be at least one cluster.");
            }

            var file = Load(context, path, parse.GetValue(modality), parse.GetValue(layer));
            var result = Fit(context, path, file, clusters, options, random);
            var summary = ClusterSummary.Of(path, file, result, random);
            if (parse.GetValue(output) is { } labels)
            {
                summary = summary with { Labels = labels, LabelsSha256 = PseudoLabelTable.Write(labels, Metadata(file, path, clusters, random), Labels(file, result)) };
            }

            if (context.Json)
            {
                context.WriteJson(summary);
            }
            else
            {
                summary.Print(context);
            }

            return Task.FromResult(ExitCodes.Done);
        });
        return verb;
    }

    private static FeatureFile Load(CommandContext context, string path, string? modality, string? layer)
    {
        using var line = new ProgressLine(context, "reading", "rows");
        return FeatureFile.Read(path, modality, layer, new Listener<(long Done, long Total)>(p => line.Report(p.Done, p.Total)), context.CancellationToken);
    }

    private static KMeansResult Fit(CommandContext context, string path, FeatureFile file, int k, KMeansOptions options, long seed)
    {
        using var line = new ProgressLine(context, "k-means", "iterations");
        var listener = new Listener<KMeansProgress>(p => line.Report(
            (p.Restart * p.Iterations) + p.Iteration,
            p.Restarts * p.Iterations,
            dataWaitShare: null,
            p.Last is null ? "first centroids" : string.Create(CultureInfo.InvariantCulture, $"objective {p.Last.Objective:g6}")));
        try
        {
            return KMeans.Fit(file.Features, k, options, seed, listener, context.CancellationToken);
        }
        catch (FeatureValueException e)
        {
            throw new TableException($"'{path}': value {e.Column} (from 0) of clip '{file.Rows[e.Row].Clip}' {e.Problem}. Features must be finite.", e);
        }
    }

    private static Dictionary<string, string> Metadata(FeatureFile file, string path, int k, long seed) => new(StringComparer.Ordinal)
    {
        ["duet.method"] = "kmeans",
        ["duet.features"] = file.Rows[0].Modality,
        ["duet.layer"] = file.Rows[0].Layer,
        ["duet.source"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(path)),
        [PseudoLabelTable.ClustersKey] = k.ToString(CultureInfo.InvariantCulture),
        ["duet.seed"] = seed.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Every clip forms centroids here. A clip's number is that in its id where the id ends with one, else its place among its video's rows.</summary>
    private static List<PseudoLabel> Labels(FeatureFile file, KMeansResult result)
    {
        var labels = new List<PseudoLabel>(file.Rows.Count);
        var clips = new HashSet<string>(StringComparer.Ordinal);
        var next = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < file.Rows.Count; i++)
        {
            var row = file.Rows[i];
            if (!clips.Add(row.Clip))
            {
                throw new DuetException($"Clip '{row.Clip}' has several rows of features, so it has no one label; leave --out away, or give the rows different ids.");
            }

            var place = next[row.Video] = next.GetValueOrDefault(row.Video, -1) + 1;
            var number = row.Clip.StartsWith(row.Video + "/", StringComparison.Ordinal)
                && int.TryParse(row.Clip.AsSpan(row.Video.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var told) ? told : place;
            labels.Add(new PseudoLabel(row.Clip, row.Video, number, row.Start, PseudoLabelTable.Training, result.Clusters[i], result.Distances[i]));
        }

        return labels;
    }

    /// <summary>Reports at once, on the thread that tells.</summary>
    private sealed class Listener<T>(Action<T> hear) : IProgress<T>
    {
        public void Report(T value) => hear(value);
    }
}
