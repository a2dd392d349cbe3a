using Duet.Data;
using Duet.Data.Files;

namespace Duet.Learning.Training;

/// <summary>
/// The folder of one run: <c>recipe.yaml</c> (fully resolved), <c>environment.json</c>, <c>store.json</c>, <c>metrics.jsonl</c>,
/// <c>tensorboard/</c>, <c>checkpoints/</c>, <c>encoders/</c>, <c>result.json</c>, <c>report.html</c>.
/// </summary>
public sealed class RunFolder
{
    /// <summary>Names a folder, which need not exist yet.</summary>
    /// <param name="path">The folder.</param>
    public RunFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = System.IO.Path.GetFullPath(path);
    }

    /// <summary>The folder, as an absolute path.</summary>
    public string Path { get; }

    /// <summary>The run's name: its folder's.</summary>
    public string Name => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Path));

    /// <summary>The resolved recipe.</summary>
    public string RecipeFile => In("recipe.yaml");

    /// <summary>What the run was made with.</summary>
    public string EnvironmentFile => In("environment.json");

    /// <summary>Which videos it learned from.</summary>
    public string StoreFile => In("store.json");

    /// <summary>The numbers, a line per interval.</summary>
    public string MetricsFile => In("metrics.jsonl");

    /// <summary>The same for TensorBoard.</summary>
    public string TensorBoardFolder => In("tensorboard");

    /// <summary>The checkpoints.</summary>
    public string CheckpointFolder => In("checkpoints");

    /// <summary>The video encoder, with the preprocessing that it needs.</summary>
    public string VideoEncoderFile => EncoderFile("video");

    /// <summary>The audio encoder, with the preprocessing that it needs.</summary>
    public string AudioEncoderFile => EncoderFile("audio");

    /// <summary>The evaluation's result.</summary>
    public string ResultFile => In("result.json");

    /// <summary>The report.</summary>
    public string ReportFile => In("report.html");

    /// <summary>Whether a run has been started here.</summary>
    public bool HoldsRun => File.Exists(RecipeFile);

    /// <summary>An encoder by name.</summary>
    /// <param name="name"><c>video</c>, <c>audio</c>, or another that the method has.</param>
    public string EncoderFile(string name) => In("encoders", name + ".safetensors");

    /// <summary>Opens the folder of a run.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="UsageException">No run has been started there.</exception>
    public static RunFolder Open(string path)
    {
        var run = new RunFolder(path);
        return run.HoldsRun ? run : throw new UsageException($"'{path}' holds no run (there is no recipe.yaml in it). Start one with 'duet pretrain RECIPE --store DIR --run {path}'.");
    }

    /// <summary>Removes what a killed process had half written of files that a training writes. Call it under the folder's lock.</summary>
    internal void RemoveLeftovers()
    {
        foreach (var folder in new[] { CheckpointFolder, In("encoders"), In("pseudo-labels") })
        {
            AtomicFile.RemoveLeftovers(folder);
        }

        // Beside these lie files of verbs that need no lock.
        foreach (var name in new[] { "recipe.yaml", "environment.json", "store.json", "finetune.json", "validation.json", "predictions.jsonl" })
        {
            AtomicFile.RemoveLeftovers(Path, name);
        }
    }

    private string In(params ReadOnlySpan<string> names) => System.IO.Path.Combine([Path, .. names]);
}
