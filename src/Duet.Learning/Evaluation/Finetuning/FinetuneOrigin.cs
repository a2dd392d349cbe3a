using Duet.Data;
using Duet.Learning.Recipes;
using Duet.Learning.Training;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>What a folder's networks are made of, beside the recipe: <c>finetune.json</c>. It must be the same to go on.</summary>
internal sealed record FinetuneOrigin
{
    /// <summary>The format's name and version.</summary>
    public string Format { get; init; } = "duet.finetune/1";

    /// <summary>The run's folder or the encoder file; empty where none was named.</summary>
    public required string Run { get; init; }

    /// <summary>How its encoders were pretrained.</summary>
    public required string Method { get; init; }

    /// <summary>For how many steps.</summary>
    public required long Step { get; init; }

    /// <summary>The hash of their weights; empty from scratch.</summary>
    public required string Weights { get; init; }

    /// <summary>The store's folder.</summary>
    public required string Store { get; init; }

    /// <summary>Which videos it held.</summary>
    public required string StoreFingerprint { get; init; }

    /// <summary>The divisions that are tested.</summary>
    public required IReadOnlyList<string> Splits { get; init; }

    /// <summary>Ids of the videos that it held; empty in files of before this was written.</summary>
    public IReadOnlyList<string> Videos { get; init; } = [];

    /// <summary>What its trainings and tests compute in, <c>fp32</c> or <c>bf16</c>; null in files of before this was written.</summary>
    public string? Precision { get; init; }

    /// <summary>Checks that a folder can be begun or gone on with.</summary>
    /// <returns>What the folder was begun with; null where it is begun now.</returns>
    /// <exception cref="UsageException">It holds something else, or nothing to go on with.</exception>
    public FinetuneOrigin? Check(FinetuneRequest request)
    {
        var folder = request.Folder;
        if (!request.Resume)
        {
            if (folder.Root.HoldsRun)
            {
                throw new UsageException($"'{folder.Path}' already holds a finetuning. Add --resume to go on with it, or choose another --out folder.");
            }

            return null;
        }

        if (!folder.Root.HoldsRun || !File.Exists(folder.OriginFile))
        {
            throw new UsageException($"'{folder.Path}' holds no finetuning to go on with. Leave --resume out to start one.");
        }

        var differing = RecipeFile.Differences(RecipeFile.LoadEvaluation(folder.Root.RecipeFile), request.Recipe).Where(d => !TrainingOptions.FreeKeys.Contains(d.Key, StringComparer.Ordinal)).ToArray();
        if (differing.Length > 0)
        {
            throw new UsageException(
                $"The finetuning in '{folder.Path}' was started with another protocol: {string.Join("; ", differing.Select(d => d.ToString()))}. Resume it with the same protocol and --set options ('{folder.Root.RecipeFile}' holds them all), or choose another --out folder.");
        }

        var before = Read(folder.OriginFile);
        if (before.StoreFingerprint != StoreFingerprint)
        {
            throw new UsageException(
                $"The finetuning in '{folder.Path}' learned from a store with other videos or settings: {before.Recorded.DifferenceInWords(Recorded)}. Resume it with that store, or choose another --out folder.");
        }

        if (before.Weights != Weights)
        {
            throw new UsageException(
                $"The finetuning in '{folder.Path}' started from other weights ({Describe(before)}, not {Describe(this)}). Resume it with that run as it was, or choose another --out folder.");
        }

        if (!before.Splits.SequenceEqual(Splits, StringComparer.Ordinal))
        {
            throw new UsageException($"The finetuning in '{folder.Path}' is of {string.Join(", ", before.Splits)}, not of {string.Join(", ", Splits)}. Resume it with the same --splits, or choose another --out folder.");
        }

        return before;
    }

    private RunStore Recorded => new() { Fingerprint = StoreFingerprint, Path = Store, Train = Videos, Validation = [], Test = [] };

    internal static FinetuneOrigin Read(string path) => RunJson.Read<FinetuneOrigin>(path, "The finetuning can't be gone on with; choose another --out folder.");

    private static string Describe(FinetuneOrigin origin) => origin.Weights.Length == 0
        ? "from scratch"
        : FormattableString.Invariant($"'{origin.Run}' after step {origin.Step}, weights {RunStore.Short(origin.Weights)}");
}
