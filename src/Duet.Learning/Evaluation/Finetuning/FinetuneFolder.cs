using System.Globalization;
using Duet.Learning.Training;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>
/// The folder of a finetuning: <c>recipe.yaml</c>, <c>finetune.json</c>, <c>result.json</c>, and for every split <c>SPLIT/sweep/lr_RATE/</c> and <c>SPLIT/final/</c>,
/// each the folder of one training.
/// </summary>
/// <param name="path">The folder; it need not exist yet.</param>
public sealed class FinetuneFolder(string path)
{
    /// <summary>The folder as that of a run: recipe, lock and result have the same names.</summary>
    public RunFolder Root { get; } = new(path);

    /// <summary>The folder, as an absolute path.</summary>
    public string Path => Root.Path;

    /// <summary>What is finetuned on which store: must be the same to go on.</summary>
    public string OriginFile => In("finetune.json");

    /// <summary>The result.</summary>
    public string ResultFile => Root.ResultFile;

    /// <summary>The training of one learning rate, of which it is chosen.</summary>
    /// <param name="split">The split's name.</param>
    /// <param name="rate">The rate.</param>
    public RunFolder Sweep(string split, double rate) => new(In(Name(split), "sweep", string.Create(CultureInfo.InvariantCulture, $"lr_{rate:G9}")));

    /// <summary>The training that is tested.</summary>
    /// <param name="split">The split's name.</param>
    public RunFolder Final(string split) => new(In(Name(split), "final"));

    /// <summary>What the validation videos of a sweep's training were named, in short.</summary>
    /// <param name="training">The training's folder.</param>
    internal static string ValidationFile(RunFolder training) => System.IO.Path.Combine(training.Path, "validation.json");

    /// <summary>What each test video was named: a line each, written as the test goes on.</summary>
    /// <param name="training">The training's folder.</param>
    internal static string PredictionsFile(RunFolder training) => System.IO.Path.Combine(training.Path, "predictions.jsonl");

    /// <summary>A folder's name for a split's, which comes from a catalog: nothing that leads elsewhere.</summary>
    private static string Name(string split)
    {
        var safe = string.Concat(split.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '_'));
        return safe.Length == 0 ? "_" : safe;
    }

    private string In(params ReadOnlySpan<string> names) => System.IO.Path.Combine([Path, .. names]);
}
