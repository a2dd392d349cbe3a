using System.Text.Json;
using System.Text.Json.Nodes;
using Duet.Data.Clips;
using Duet.Learning.Audio;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>
/// A method that teaches networks, with or without labels: all that the <see cref="Trainer"/> knows about it. A method says what an epoch
/// reads and what a step costs; the loop does the rest. What it remembers between steps, beyond the network, is its state.
/// </summary>
public interface ITrainingTask : IDisposable
{
    /// <summary>Everything that learns, under the names by which it is saved: parameters and buffers.</summary>
    nn.Module Network { get; }

    /// <summary>What multiplies the learning rate of a parameter; 1 where a method does not say.</summary>
    /// <param name="parameter">Its name in <see cref="Network"/>.</param>
    double LearningRateFactor(string parameter) => 1;

    /// <summary>Clips per epoch: whole steps (<see cref="TrainingOptions.WholeSteps"/>).</summary>
    int ClipsPerEpoch { get; }

    /// <summary>The most epochs that the run can have.</summary>
    int Epochs { get; }

    /// <summary>Epochs of one pass through the learning rate's schedule: all of them, or those of one round of a method that starts anew now and then.</summary>
    int EpochsPerRound { get; }

    /// <summary>What <see cref="Step"/> has spent so far on turning batches into the networks' inputs, where a method knows.</summary>
    TimeSpan TimePreparing => TimeSpan.Zero;

    /// <summary>What the user should know about the data before the first step; one line each.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>Called once before the first epoch of a new run, not of a resumed one: measures what the method must know of its data.</summary>
    /// <param name="loader">Reads clips.</param>
    /// <param name="stop">Asks to stop.</param>
    void Begin(ClipLoader loader, CancellationToken stop);

    /// <summary>
    /// What an epoch reads. Called again with the same epoch when a run is resumed inside it, after <see cref="Restore"/>: it must then give
    /// the same plan. A method that relabels its clips does so here, and keeps the labels in its state.
    /// </summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="loader">Reads clips, for methods that look at the data first.</param>
    /// <param name="stop">Asks to stop; state changes only when the call completes.</param>
    /// <returns>The plan, or null where the method has finished early.</returns>
    EpochPlan? Prepare(int epoch, ClipLoader loader, CancellationToken stop);

    /// <summary>The loss of one batch, with the graph that leads to it. Called in training mode, within a dispose scope; several times a step where gradients are accumulated.</summary>
    /// <param name="batch">Clips, in the plan's order.</param>
    StepResult Step(ClipBatch batch);

    /// <summary>Takes in the means of an interval of steps.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="means">The interval's means by name: the loss and what <see cref="Step"/> measured.</param>
    /// <returns>What the user should be told, if anything.</returns>
    IReadOnlyList<string> Observe(int epoch, IReadOnlyDictionary<string, double> means);

    /// <summary>Looks at held-out clips, the same ones every time, in evaluation mode and without changing any state.</summary>
    /// <param name="loader">Reads clips.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <returns>Numbers by name, <c>loss</c> among them; null where there is nothing to validate on.</returns>
    IReadOnlyList<KeyValuePair<string, double>>? Validate(ClipLoader loader, CancellationToken stop);

    /// <summary>Told that an epoch is over, before that is saved: the place to decide what the next one will be.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="validation">What <see cref="Validate"/> gave after it; null where there was no validation.</param>
    void EndEpoch(int epoch, IReadOnlyList<KeyValuePair<string, double>>? validation);

    /// <summary>What must be saved beside the network. The tensors are not copied.</summary>
    TaskState Capture();

    /// <summary>Goes on from a saved state.</summary>
    /// <param name="state">What <see cref="Capture"/> gave.</param>
    void Restore(TaskState state);

    /// <summary>
    /// Writes what others can use without the run: encoder files, each with the card that says how to feed it. Called after at least one step,
    /// when the run ends or is interrupted, once the checkpoint of that step is on the disk.
    /// </summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="step">The steps taken.</param>
    /// <param name="store">The fingerprint of the store that was learned from.</param>
    /// <exception cref="Data.Files.FileWriteException">A file can't be written; an old one is untouched.</exception>
    void Export(RunFolder run, long step, string store);
}

/// <summary>What an epoch reads.</summary>
/// <param name="Requests">Clips in the order of training: whole steps.</param>
/// <param name="Stage">The stage in words, for people.</param>
/// <param name="Restart">Whether a new round starts here: the optimiser's state is emptied and the learning rate's schedule begins again.</param>
public sealed record EpochPlan(IReadOnlyList<ClipRequest> Requests, string Stage, bool Restart = false)
{
    /// <summary>What the user should know about how the plan came about; one line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Numbers that the plan came with, such as those of a clustering; they go to the metrics.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Numbers { get; init; } = [];
}

/// <summary>What a batch gives.</summary>
/// <param name="Loss">A scalar to differentiate: a mean over clips. Where no clip counts it is 0, with a graph that leads to every parameter.</param>
/// <param name="Clips">How many clips the loss is the mean over, by which batches are weighted when their gradients are accumulated.</param>
/// <param name="Metrics">Numbers to average over an interval, by name; the same names for every batch. Tensors of one, without axes, on the loss's device: reading them here would wait for it.</param>
public sealed record StepResult(Tensor Loss, int Clips, IReadOnlyList<KeyValuePair<string, Tensor>> Metrics);

/// <summary>A method's own memory: a few values, and tensors where it needs them.</summary>
/// <param name="Values">Numbers and short lists.</param>
/// <param name="Tensors">Tensors by name, such as pseudo-labels.</param>
public sealed record TaskState(JsonObject Values, IReadOnlyDictionary<string, Tensor> Tensors)
{
    private const string StatisticsKey = "spectrogram_statistics";

    /// <summary>Files of the run that the state refers to: a checkpoint without them is not whole. Not asked for when it is restored.</summary>
    public IReadOnlyList<CheckpointPart> Parts { get; init; } = [];

    /// <summary>What the run's spectrograms are normalised by; null where they are not.</summary>
    internal SpectrogramStatistics? SpectrogramStatistics => Optional<SpectrogramStatistics>(StatisticsKey);

    /// <summary>One of the values.</summary>
    /// <param name="key">Its name.</param>
    /// <exception cref="TrainingException">It is missing, or of another kind.</exception>
    internal T Value<T>(string key) => Optional<T>(key) ?? throw new TrainingException($"The checkpoint does not say '{key}': it was made with another method or by another version of Duet. Start a new run.");

    /// <summary>One of the values; null where it is not there.</summary>
    /// <inheritdoc cref="Value"/>
    internal T? Optional<T>(string key)
    {
        try
        {
            return Values[key] is { } node ? node.Deserialize<T>(RunJson.File) : default;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new TrainingException($"What the checkpoint says of '{key}' can't be read: {e.Message.TrimEnd('.')}. Start a new run, or restore the checkpoint from a copy.", e);
        }
    }

    /// <summary>A method's values, with the spectrograms' statistics among them: every method keeps those in one place.</summary>
    /// <param name="statistics">What the run's spectrograms are normalised by.</param>
    /// <param name="values">The method's own values.</param>
    internal static TaskState Of(SpectrogramStatistics? statistics, JsonObject values)
    {
        values[StatisticsKey] = JsonSerializer.SerializeToNode(statistics, RunJson.File);
        return Empty with { Values = values };
    }

    /// <summary>Nothing to remember.</summary>
    public static TaskState Empty => new([], new Dictionary<string, Tensor>(StringComparer.Ordinal));
}
