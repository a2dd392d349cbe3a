using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Duet.Data.Files;
using Duet.Learning.Weights;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>
/// A run's checkpoints: <c>step-00000120.safetensors</c> with <c>step-00000120.json</c> beside it. The tensors are on the disk before the JSON
/// that vouches for them, and older checkpoints go only after that: at every moment there is a whole one.
/// </summary>
public sealed class Checkpoints
{
    private const string Prefix = "step-";
    private const string TensorSuffix = ".safetensors";
    private const string HeaderSuffix = ".json";
    private const int LongestHeader = 16 << 20;

    private readonly string recipe;
    private readonly int keep;
    private readonly IDurableFiles files;

    /// <summary>Names the checkpoints of a run.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="recipe">The recipe's hash.</param>
    /// <param name="store">The store's fingerprint.</param>
    /// <param name="keep">How many are kept: the newest.</param>
    /// <param name="files">The file operations; the operating system's where null.</param>
    public Checkpoints(RunFolder run, string recipe, string store, int keep, IDurableFiles? files = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keep);
        Run = run;
        this.recipe = recipe;
        Store = store;
        this.keep = keep;
        this.files = files ?? DurableFiles.Instance;
    }

    /// <summary>The run's folder.</summary>
    public RunFolder Run { get; }

    /// <summary>The fingerprint of the store that the run learns from.</summary>
    public string Store { get; }

    /// <summary>The newest checkpoint of a run that can be used.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="damaged">Hears of each newer one that can't be used, and why.</param>
    /// <returns>The checkpoint, or null where the run has none.</returns>
    /// <exception cref="TrainingException">There are some, and all are damaged.</exception>
    public static Checkpoint? Newest(RunFolder run, Action<string>? damaged = null)
    {
        string? last = null;
        foreach (var step in Steps(run).OrderDescending())
        {
            try
            {
                return Read(run, step);
            }
            catch (Exception e) when (e is InvalidDataException or WeightsException or JsonException or IOException or UnauthorizedAccessException)
            {
                last = $"The checkpoint '{PathOf(run, step, TensorSuffix)}' can't be used: {e.Message.TrimEnd('.')}.";
                damaged?.Invoke(last);
            }
        }

        return last is null ? null : throw new TrainingException($"No checkpoint in '{run.CheckpointFolder}' can be used. {last} Start again in another --run folder.");
    }

    /// <summary>Saves, then removes what is too old.</summary>
    /// <param name="state">Where the run stands.</param>
    /// <param name="task">The method, with its network.</param>
    /// <param name="optimiser">The optimiser.</param>
    /// <returns>The tensors' file.</returns>
    /// <exception cref="FileWriteException">The files can't be written; older checkpoints are untouched.</exception>
    public string Save(TrainerState state, ITrainingTask task, IOptimiser optimiser)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(optimiser);
        var path = PathOf(Run, state.Step, TensorSuffix);
        var captured = task.Capture();
        string? hash = null;
        var bytes = 0L;
        using (NewDisposeScope())
        {
            AtomicFile.Write(
                path,
                stream =>
                {
                    SafeTensors.Write(stream, Checkpoint.Gather(task.Network, optimiser, captured));
                    bytes = stream.Length;
                    stream.Position = 0;
                    hash = Convert.ToHexStringLower(SHA256.HashData(stream));
                },
                files);
        }

        var header = new CheckpointHeader
        {
            Format = CheckpointHeader.CurrentFormat,
            Bytes = bytes,
            Sha256 = hash!,
            Recipe = recipe,
            Store = Store,
            State = state,
            Task = captured.Values,
        };
        AtomicFile.WriteAllText(PathOf(Run, state.Step, HeaderSuffix), JsonSerializer.Serialize(header, RunJson.File), files);
        Prune(state.Step);
        return path;
    }

    /// <summary>The tensors' file of a step's checkpoint; null where there is none.</summary>
    /// <param name="step">The step.</param>
    public string? Existing(long step) => Steps(Run).Contains(step) ? PathOf(Run, step, TensorSuffix) : null;

    /// <summary>Where the newest checkpoint is, as a sentence.</summary>
    public string NewestInWords() => Steps(Run).DefaultIfEmpty(-1).Max() is var step and >= 0
        ? $"The last checkpoint is kept: '{PathOf(Run, step, TensorSuffix)}'."
        : "There was no checkpoint yet.";

    private static Checkpoint Read(RunFolder run, long step)
    {
        var headerFile = PathOf(run, step, HeaderSuffix);
        if (new FileInfo(headerFile).Length > LongestHeader)
        {
            throw new InvalidDataException("its JSON is far too long");
        }

        var header = JsonSerializer.Deserialize<CheckpointHeader>(File.ReadAllText(headerFile), RunJson.File)
            ?? throw new InvalidDataException("its JSON is empty");
        if (header.Format != CheckpointHeader.CurrentFormat)
        {
            throw new InvalidDataException($"its format is '{header.Format}', not '{CheckpointHeader.CurrentFormat}'");
        }

        if (header.State.Step != step)
        {
            throw new InvalidDataException($"its JSON is that of step {header.State.Step}");
        }

        var path = PathOf(run, step, TensorSuffix);
        using var stream = File.OpenRead(path);
        if (stream.Length != header.Bytes)
        {
            throw new InvalidDataException($"it is {stream.Length} bytes long and should be {header.Bytes}");
        }

        if (!Convert.ToHexStringLower(SHA256.HashData(stream)).Equals(header.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException("its bytes are not those that were written (SHA-256 differs)");
        }

        stream.Position = 0;
        return new Checkpoint(path, header, SafeTensors.Read(stream, path));
    }

    /// <summary>The steps that have a JSON: without one, a file of tensors was never finished.</summary>
    private static IEnumerable<long> Steps(RunFolder run) => StepsOf(run, HeaderSuffix);

    private static IEnumerable<long> StepsOf(RunFolder run, string suffix) => !Directory.Exists(run.CheckpointFolder)
        ? []
        : Directory.EnumerateFiles(run.CheckpointFolder, $"{Prefix}*{suffix}")
            .Select(Path.GetFileName)
            .Select(name => long.TryParse(name!.AsSpan(Prefix.Length, name!.Length - Prefix.Length - suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : -1)
            .Where(step => step >= 0);

    private static string PathOf(RunFolder run, long step, string suffix) =>
        Path.Combine(run.CheckpointFolder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:00000000}{suffix}"));

    /// <summary>Removes what is older than the newest few, and what lies ahead: damaged ones that the run did not go on from.</summary>
    private void Prune(long newest)
    {
        var steps = Steps(Run).OrderDescending().ToArray();
        foreach (var step in steps.Where(s => s > newest).Concat(steps.Where(s => s <= newest).Skip(keep)))
        {
            files.Delete(PathOf(Run, step, HeaderSuffix)); // first, so that what is left of it counts as unfinished
        }

        var kept = Steps(Run).ToHashSet();
        foreach (var step in StepsOf(Run, TensorSuffix).Where(s => !kept.Contains(s)).ToArray())
        {
            files.Delete(PathOf(Run, step, TensorSuffix));
        }
    }
}
