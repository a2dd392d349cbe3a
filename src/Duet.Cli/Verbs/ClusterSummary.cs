using System.Globalization;
using Duet.Cli.Hosting;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Pretext.Clustering;

namespace Duet.Cli.Verbs;

/// <summary>What <c>duet cluster</c> tells.</summary>
internal sealed record ClusterSummary
{
    public string Format { get; } = ResultFile.Format;

    public string Kind { get; } = "cluster";

    public required string Features { get; init; }

    public required string Modality { get; init; }

    public required string Layer { get; init; }

    public required int Rows { get; init; }

    public required int Dimension { get; init; }

    public required int ClusteredDimension { get; init; }

    public required int K { get; init; }

    public required long Seed { get; init; }

    public required double Objective { get; init; }

    public required IReadOnlyList<double> Objectives { get; init; }

    public required bool Converged { get; init; }

    public required int Splits { get; init; }

    public required int Restart { get; init; }

    public required IReadOnlyList<double> RestartObjectives { get; init; }

    public required double Imbalance { get; init; }

    public required IReadOnlyList<int> Sizes { get; init; }

    public required double EntropyBits { get; init; }

    public required double NormalisedEntropy { get; init; }

    public required int Empty { get; init; }

    public required double LargestShare { get; init; }

    public required Precision Precision { get; init; }

    public required double? Bf16Disagreement { get; init; }

    public string? Labels { get; init; }

    public string? LabelsSha256 { get; init; }

    public static ClusterSummary Of(string path, FeatureFile file, KMeansResult result, long seed) => new()
    {
        Features = path,
        Modality = file.Rows[0].Modality,
        Layer = file.Rows[0].Layer,
        Rows = file.Features.Rows,
        Dimension = file.Features.Columns,
        ClusteredDimension = result.Model.Centroids.Columns,
        K = result.Model.K,
        Seed = seed,
        Objective = result.Objective,
        Objectives = result.Objectives,
        Converged = result.Converged,
        Splits = result.Splits,
        Restart = result.Restart,
        RestartObjectives = result.RestartObjectives,
        Imbalance = result.Imbalance,
        Sizes = result.Sizes,
        EntropyBits = ClusterQuality.EntropyBits(result.Sizes),
        NormalisedEntropy = ClusterQuality.NormalisedEntropy(result.Sizes),
        Empty = result.Sizes.Count(s => s == 0),
        LargestShare = (double)result.Sizes.Max() / file.Features.Rows,
        Precision = result.Precision,
        Bf16Disagreement = result.Bf16Disagreement,
    };

    public void Print(CommandContext context)
    {
        context.Line(Text($"{Rows} rows with {Dimension} features{(ClusteredDimension == Dimension ? "" : $", {ClusteredDimension} after PCA")} in {K} clusters; seed {Seed}."));
        context.Line(Text($"{(Converged ? "Converged after" : "Stopped after")} {Objectives.Count} iterations{(RestartObjectives.Count > 1 ? $" (restart {Restart + 1} of {RestartObjectives.Count}, the best)" : "")}; {Splits} splits of clusters."));
        context.Line(Text($"Objective {Objective:g8}: root mean squared distance to the centroid {Math.Sqrt(Objective / Rows):g5}."));
        var sorted = Sizes.Order().ToArray();
        context.Line(Text($"Sizes {sorted[0]} to {sorted[^1]}, median {sorted[sorted.Length / 2]}; entropy {EntropyBits:0.00} bits ({100 * NormalisedEntropy:0} % of the most); imbalance {Imbalance:0.00}; {Empty} empty."));
        if (Bf16Disagreement is { } share)
        {
            context.Line(Text($"Candidates in bf16, decided in fp32: {100 * share:0.###} % of a sample's rows differ from fp32 alone. The labels are fp32's."));
        }

        if (Labels is not null)
        {
            context.Line($"Labels: {Labels}");
        }
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
