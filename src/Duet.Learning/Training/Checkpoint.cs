using System.Text.Json.Nodes;
using Duet.Learning.Models;
using Duet.Learning.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>The JSON beside a checkpoint's tensors.</summary>
public sealed record CheckpointHeader
{
    /// <summary>The format's name and version.</summary>
    public const string CurrentFormat = "duet.checkpoint/2";

    /// <summary>The first version: without <see cref="Parts"/> and <see cref="Check"/>. It is read, and not written any more.</summary>
    internal const string FirstFormat = "duet.checkpoint/1";

    /// <summary>The format's name and version.</summary>
    public required string Format { get; init; }

    /// <summary>The length of the tensors' file, bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The SHA-256 of the tensors' file, hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The hash of the recipe, without those options that can't change a result.</summary>
    public required string Recipe { get; init; }

    /// <summary>The fingerprint of the store that was learned from.</summary>
    public required string Store { get; init; }

    /// <summary>Where the run stood.</summary>
    public required TrainerState State { get; init; }

    /// <summary>The method's own values.</summary>
    public required JsonObject Task { get; init; }

    /// <summary>Other files of the run that it can't go on without, such as pseudo-labels.</summary>
    public IReadOnlyList<CheckpointPart> Parts { get; init; } = [];

    /// <summary>The SHA-256 of this JSON, hexadecimal, as it is with 64 zeros in this place.</summary>
    public string Check { get; init; } = "";
}

/// <summary>A file of a run on which a checkpoint rests.</summary>
/// <param name="Path">Its path in the run's folder, with slashes.</param>
/// <param name="Sha256">The SHA-256 of its bytes, hexadecimal.</param>
public sealed record CheckpointPart(string Path, string Sha256);

/// <summary>
/// A saved run, read and checked. Tensors are named as in the network; the optimiser's begin with <c>optimiser.</c>, the method's own with <c>task.</c>.
/// </summary>
/// <param name="File">The tensors' file.</param>
/// <param name="Header">The JSON beside it.</param>
/// <param name="Content">The file's content; disposed with the checkpoint.</param>
public sealed record Checkpoint(string File, CheckpointHeader Header, TensorFile Content) : IDisposable
{
    private const string OptimiserPrefix = "optimiser.";
    private const string TaskPrefix = "task.";

    /// <summary>The tensors by name, on the CPU.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => Content.Tensors;

    /// <summary>The tensors of a network: parameters and buffers, by name.</summary>
    /// <param name="network">The network.</param>
    public static IEnumerable<(string Name, Tensor Value)> TensorsOf(nn.Module network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return network.named_parameters().Select(p => (p.name, (Tensor)p.parameter)).Concat(network.named_buffers().Select(b => (b.name, b.buffer)));
    }

    /// <summary>Everything that a checkpoint holds.</summary>
    internal static Dictionary<string, Tensor> Gather(nn.Module network, IOptimiser optimiser, TaskState state) =>
        TensorsOf(network)
            .Concat(optimiser.State.Select(s => (OptimiserPrefix + s.Name, s.Value)))
            .Concat(state.Tensors.Select(t => (TaskPrefix + t.Key, t.Value)))
            .ToDictionary(t => t.Item1, t => t.Item2, StringComparer.Ordinal);

    /// <summary>Copies the network's part into a network.</summary>
    /// <param name="network">A network of the same shape.</param>
    /// <exception cref="TrainingException">The names or shapes are others.</exception>
    public void CopyTo(nn.Module network) => Copy([.. TensorsOf(network)], Tensors.Keys.Where(k => !IsPrefixed(k)));

    /// <summary>Copies one encoder's part.</summary>
    /// <param name="name">The encoder's name in the network.</param>
    /// <param name="encoder">An encoder of the same shape.</param>
    /// <exception cref="TrainingException">The names or shapes are others.</exception>
    public void CopyTo(string name, Encoder encoder)
    {
        var prefix = name + ".encoder.";
        Copy([.. TensorsOf(encoder).Select(t => (prefix + t.Name, t.Value))], Tensors.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)));
    }

    /// <summary>Copies everything.</summary>
    /// <param name="task">The method, with its network.</param>
    /// <param name="optimiser">The optimiser.</param>
    /// <returns>Where the run stood.</returns>
    /// <exception cref="TrainingException">The names or shapes are others.</exception>
    public TrainerState CopyTo(ITrainingTask task, IOptimiser optimiser)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(optimiser);
        CopyTo(task.Network);
        Copy([.. optimiser.State.Select(s => (OptimiserPrefix + s.Name, s.Value))], Tensors.Keys.Where(k => k.StartsWith(OptimiserPrefix, StringComparison.Ordinal)));
        optimiser.Updates = Header.State.Updates;
        task.Restore(TaskState());
        return Header.State;
    }

    /// <summary>The method's own part.</summary>
    public TaskState TaskState() => new(
        Header.Task,
        Tensors.Where(t => t.Key.StartsWith(TaskPrefix, StringComparison.Ordinal)).ToDictionary(t => t.Key[TaskPrefix.Length..], t => t.Value, StringComparer.Ordinal));

    /// <inheritdoc/>
    public void Dispose() => Content.Dispose();

    private static bool IsPrefixed(string name) => name.StartsWith(OptimiserPrefix, StringComparison.Ordinal) || name.StartsWith(TaskPrefix, StringComparison.Ordinal);

    private void Copy(IReadOnlyList<(string Name, Tensor Value)> targets, IEnumerable<string> saved)
    {
        using var noGradient = no_grad();
        var left = saved.ToHashSet(StringComparer.Ordinal);
        foreach (var (name, target) in targets)
        {
            if (!left.Remove(name) || Tensors[name] is not { } source || !source.shape.SequenceEqual(target.shape) || source.dtype != target.dtype)
            {
                throw new TrainingException(
                    $"The checkpoint '{File}' has no tensor '{name}' of shape [{string.Join(", ", target.shape)}]: it was made with other networks or by another version of Duet. Start a new run.");
            }

            target.copy_(source); // returns the target itself
        }

        if (left.Count > 0)
        {
            throw new TrainingException($"The checkpoint '{File}' holds '{left.First()}', which this network has not: it was made with other networks or by another version of Duet. Start a new run.");
        }
    }
}
