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

    private readonly string recipe;
    private readonly int keep;
    private readonly HashSet<long> good;

    /// <summary>Names the checkpoints of a run.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="recipe">The recipe's hash.</param>
    /// <param name="store">The store's fingerprint.</param>
    /// <param name="keep">How many are kept: the newest good ones.</param>
    /// <param name="resumedFrom">The checkpoint that the run goes on from: newer ones are damaged and don't count. Null for a new run.</param>
    public Checkpoints(RunFolder run, string recipe, string store, int keep, Checkpoint? resumedFrom = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keep);
        Run = run;
        this.recipe = recipe;
        Store = store;
        this.keep = keep;
        good = [.. Steps(run).Where(s => s <= resumedFrom?.Header.State.Step)];
    }

    /// <summary>The run's folder.</summary>
    public RunFolder Run { get; }

    /// <summary>The fingerprint of the store that the run learns from.</summary>
    public string Store { get; }

    /// <summary>The newest checkpoint of a run whose networks can be used.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="damaged">Hears of each newer one that can't be used, and why.</param>
    /// <returns>The checkpoint, or null where the run has none.</returns>
    /// <exception cref="TrainingException">There are some, and all are damaged.</exception>
    public static Checkpoint? Newest(RunFolder run, Action<string>? damaged = null) => Newest(run, damaged, parts: false);

    /// <summary>As <see cref="Newest(RunFolder, Action{string}?)"/>, of those whose other parts are whole too: what a run can go on from.</summary>
    /// <inheritdoc cref="Newest(RunFolder, Action{string}?)"/>
    public static Checkpoint? ToResume(RunFolder run, Action<string>? damaged = null) => Newest(run, damaged, parts: true);

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
        if (!Run.HoldsRun)
        {
            // Not made anew: where a mount has gone, the folder under it is another disk's.
            throw new FileWriteException($"Can't write '{path}': the run's folder is not there any more. Mount its disk again, or restore it; what was saved there goes on with --resume.");
        }

        var captured = task.Capture();
        var (bytes, hash) = (0L, "");
        using (NewDisposeScope())
        {
            AtomicFile.Write(path, stream =>
            {
                hash = WriteHashed(stream, Checkpoint.Gather(task.Network, optimiser, captured));
                bytes = stream.Length;
                stream.Position = 0;
                if (!HasHash(stream, hash))
                {
                    throw new IOException("what was written does not read back the same: check the disk");
                }
            });
        }

        var header = new CheckpointHeader
        {
            Format = CheckpointHeader.CurrentFormat,
            Bytes = bytes,
            Sha256 = hash,
            Recipe = recipe,
            Store = Store,
            State = state,
            Task = captured.Values,
            Parts = captured.Parts,
        };
        CheckpointJson.Write(PathOf(Run, state.Step, HeaderSuffix), header);
        good.Add(state.Step);
        Prune();
        return path;
    }

    /// <summary>The tensors' file of a step's checkpoint; null where there is no good one.</summary>
    /// <param name="step">The step.</param>
    public string? Existing(long step) => good.Contains(step) ? PathOf(Run, step, TensorSuffix) : null;

    /// <summary>Where the newest good checkpoint is, as a sentence.</summary>
    public string NewestInWords() => good.Count > 0
        ? $"The last checkpoint is kept: '{PathOf(Run, good.Max(), TensorSuffix)}'."
        : "There was no checkpoint yet.";

    private static Checkpoint? Newest(RunFolder run, Action<string>? damaged, bool parts)
    {
        string? last = null;
        foreach (var step in Steps(run).OrderDescending())
        {
            try
            {
                return Read(run, step, parts);
            }
            catch (Exception e) when (e is InvalidDataException or WeightsException or JsonException or IOException or UnauthorizedAccessException)
            {
                last = $"The checkpoint '{PathOf(run, step, TensorSuffix)}' can't be used: {e.Message.TrimEnd('.')}.";
                damaged?.Invoke(last);
            }
        }

        return last is null ? null : throw new TrainingException($"No checkpoint in '{run.CheckpointFolder}' can be used. {last} Start again in another --run folder.");
    }

    private static Checkpoint Read(RunFolder run, long step, bool parts)
    {
        var header = CheckpointJson.Read(PathOf(run, step, HeaderSuffix));
        if (header.State.Step != step)
        {
            throw new InvalidDataException($"its JSON is that of step {header.State.Step}");
        }

        var path = PathOf(run, step, TensorSuffix);
        using var stream = RegularFile.OpenRead(path);
        if (stream.Length != header.Bytes)
        {
            throw new InvalidDataException($"it is {stream.Length} bytes long and should be {header.Bytes}");
        }

        if (!HasHash(stream, header.Sha256))
        {
            throw new InvalidDataException("its bytes are not those that were written (SHA-256 differs)");
        }

        if (parts)
        {
            foreach (var part in header.Parts)
            {
                Check(run, part);
            }
        }

        stream.Position = 0;
        return new Checkpoint(path, header, SafeTensors.Read(stream, path));
    }

    /// <summary>Writes tensors and hashes what should arrive, whatever does.</summary>
    private static string WriteHashed(Stream stream, Dictionary<string, Tensor> tensors)
    {
        using var sha = SHA256.Create();
        using (var hashed = new CryptoStream(stream, sha, CryptoStreamMode.Write, leaveOpen: true))
        {
            SafeTensors.Write(hashed, tensors);
        }

        return Convert.ToHexStringLower(sha.Hash!);
    }

    private static void Check(RunFolder run, CheckpointPart part)
    {
        var path = Path.GetFullPath(part.Path, run.Path);
        if (!path.StartsWith(run.Path + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"it rests on '{part.Path}', which is no file of the run");
        }

        try
        {
            using var stream = RegularFile.OpenRead(path);
            if (!HasHash(stream, part.Sha256))
            {
                throw new InvalidDataException($"it rests on '{path}', whose bytes are not those that were written (SHA-256 differs); restore that file if you have a copy");
            }
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw new InvalidDataException($"it rests on '{path}', which can't be read: {e.Message.TrimEnd('.')}; restore that file if you have a copy", e);
        }
    }

    private static bool HasHash(Stream stream, string sha256) => Convert.ToHexStringLower(SHA256.HashData(stream)).Equals(sha256, StringComparison.OrdinalIgnoreCase);

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

    /// <summary>Removes all but the newest good ones: a damaged one takes no other's place.</summary>
    private void Prune()
    {
        var kept = good.OrderDescending().Take(keep).ToHashSet();
        foreach (var suffix in new[] { HeaderSuffix, TensorSuffix }) // the JSON first, so that what is left of it counts as unfinished
        {
            foreach (var step in StepsOf(Run, suffix).Where(s => !kept.Contains(s)).ToArray())
            {
                Delete(PathOf(Run, step, suffix));
            }
        }

        good.IntersectWith(kept);
    }

    private static void Delete(string path)
    {
        try
        {
            DurableFiles.Current.Delete(path);
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
            throw FileWriteException.For(path, e);
        }
    }
}
