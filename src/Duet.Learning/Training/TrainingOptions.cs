using System.Text.Json.Serialization;
using Duet.Data;
using Duet.Learning.Models;

namespace Duet.Learning.Training;

/// <summary>Where the networks run.</summary>
public enum TrainingDevice
{
    /// <summary>CUDA where libtorch finds a GPU, else the processor.</summary>
    Auto,

    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>The first CUDA GPU; an error where there is none.</summary>
    Cuda,
}

/// <summary>Which update rule.</summary>
public enum OptimiserName
{
    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,

    /// <summary>Adam with decoupled weight decay.</summary>
    [JsonStringEnumMemberName("adamw")]
    AdamW,
}

/// <summary>How the learning rate goes on after the warm-up.</summary>
public enum LearningRateShape
{
    /// <summary>It stays at its base.</summary>
    Constant,

    /// <summary>Multiplied by <see cref="LearningRateOptions.Gamma"/> every <see cref="LearningRateOptions.StepEpochs"/> epochs.</summary>
    Step,

    /// <summary>Half a cosine from the base to <see cref="LearningRateOptions.FinalShare"/> of it at the last step.</summary>
    Cosine,

    /// <summary>Multiplied by <see cref="LearningRateOptions.Gamma"/> when the epochs' loss has not fallen for more than <see cref="LearningRateOptions.Patience"/> epochs (AVTS).</summary>
    Plateau,
}

/// <summary>Which loss a plateau is measured on.</summary>
public enum PlateauMetric
{
    /// <summary>The mean loss of the epoch's training steps.</summary>
    Training,

    /// <summary>The epoch's validation loss.</summary>
    Validation,
}

/// <summary>The update rule: a recipe's <c>training.optimiser</c>.</summary>
public sealed record OptimiserOptions : IValidated
{
    /// <summary>Which rule.</summary>
    public OptimiserName Name { get; init; } = OptimiserName.Sgd;

    /// <summary>SGD's momentum.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Whether SGD's momentum is Nesterov's.</summary>
    public bool Nesterov { get; init; }

    /// <summary>SGD: the L2 penalty's factor, added to the gradient. AdamW: decoupled, weights shrink by learning rate times this.</summary>
    public double WeightDecay { get; init; } = 1e-5;

    /// <summary>Whether biases and batch normalisation's parameters decay too, as they do in the papers' frameworks by default.</summary>
    public bool DecayNormAndBias { get; init; } = true;

    /// <summary>AdamW's decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW's decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>AdamW's term against division by zero.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (Momentum is not (>= 0 and < 1))
        {
            yield return new(nameof(Momentum), "must be at least 0 and below 1");
        }

        if (Nesterov && (Momentum == 0 || Name != OptimiserName.Sgd))
        {
            yield return new(nameof(Nesterov), "needs sgd with a momentum above 0");
        }

        if (!(WeightDecay >= 0) || double.IsInfinity(WeightDecay))
        {
            yield return new(nameof(WeightDecay), "must be at least 0");
        }

        if (Beta1 is not (>= 0 and < 1))
        {
            yield return new(nameof(Beta1), "must be at least 0 and below 1");
        }

        if (Beta2 is not (>= 0 and < 1))
        {
            yield return new(nameof(Beta2), "must be at least 0 and below 1");
        }

        if (!(Epsilon > 0))
        {
            yield return new(nameof(Epsilon), "must be above 0");
        }
    }
}

/// <summary>The learning rate as a function of the step: a recipe's <c>training.learning_rate</c>.</summary>
public sealed record LearningRateOptions : IValidated
{
    /// <summary>The rate after the warm-up.</summary>
    public double Base { get; init; } = 0.01;

    /// <summary>Epochs over which the rate rises linearly to its base (Goyal et al., 1706.02677); fractions allowed, 0 for none.</summary>
    public double WarmupEpochs { get; init; }

    /// <summary>The share of the base at which the warm-up starts, in [0, 1].</summary>
    public double WarmupFrom { get; init; } = 0.1;

    /// <summary>What follows the warm-up.</summary>
    public LearningRateShape Schedule { get; init; } = LearningRateShape.Constant;

    /// <summary>Step: epochs between two reductions, counted from the end of the warm-up.</summary>
    public int StepEpochs { get; init; } = 10;

    /// <summary>Step and plateau: the factor of one reduction.</summary>
    public double Gamma { get; init; } = 0.1;

    /// <summary>Plateau: epochs without a lower loss that are borne; one more reduces the rate.</summary>
    public int Patience { get; init; } = 5;

    /// <summary>Plateau: which loss counts.</summary>
    public PlateauMetric PlateauMetric { get; init; } = PlateauMetric.Training;

    /// <summary>Cosine: the share of the base that is left at the end, in [0, 1].</summary>
    public double FinalShare { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (!(Base > 0) || double.IsInfinity(Base))
        {
            yield return new(nameof(Base), "must be above 0");
        }

        if (!(WarmupEpochs >= 0) || double.IsInfinity(WarmupEpochs))
        {
            yield return new(nameof(WarmupEpochs), "must be at least 0");
        }

        if (WarmupFrom is not (>= 0 and <= 1))
        {
            yield return new(nameof(WarmupFrom), "must be between 0 and 1");
        }

        if (StepEpochs < 1)
        {
            yield return new(nameof(StepEpochs), "must be at least 1");
        }

        if (Gamma is not (> 0 and <= 1))
        {
            yield return new(nameof(Gamma), "must be above 0 and at most 1");
        }

        if (Patience < 0)
        {
            yield return new(nameof(Patience), "must be at least 0");
        }

        if (FinalShare is not (>= 0 and <= 1))
        {
            yield return new(nameof(FinalShare), "must be between 0 and 1");
        }
    }
}

/// <summary>The loop: a recipe's <c>training</c> section.</summary>
public sealed record TrainingOptions : IValidated
{
    private const int MostClipsPerStep = 10_000_000;

    /// <summary>Clips per epoch: the unit of every schedule, whatever the size of the store; rounded up to whole steps. 0: as many as the sampler counts for the training videos (pairs.clips_per_video each).</summary>
    public int EpochSize { get; init; }

    /// <summary>Clips that pass the networks at once, and that batch normalisation sees together.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Batches whose gradients are added up before the optimiser steps: <c>batch</c> times this many clips a step, in the memory of <c>batch</c>. Batch normalisation aside it is the step of the large batch.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>The update rule.</summary>
    public OptimiserOptions Optimiser { get; init; } = new();

    /// <summary>The learning rate.</summary>
    public LearningRateOptions LearningRate { get; init; } = new();

    /// <summary>The gradient's largest global l2 norm; a longer one is scaled down to it. 0: no clipping.</summary>
    public double ClipNorm { get; init; }

    /// <summary>What the convolutions compute in.</summary>
    public Precision Precision { get; init; } = Precision.Auto;

    /// <summary>
    /// Whether networks on a CPU keep only the outputs of their residual blocks for the gradient and compute what is inside again (<see cref="Models.Encoder.CheckpointActivations"/>): the same
    /// bits in less memory and more time. docs/training.md has both.
    /// </summary>
    public bool CheckpointActivations { get; init; }

    /// <summary>Where the networks run.</summary>
    public TrainingDevice Device { get; init; } = TrainingDevice.Auto;

    /// <summary>Threads of one operation; 0: as many as the machine has cores. Another number gives other last bits.</summary>
    public int Threads { get; init; }

    /// <summary>Decode workers; 0: as many as the machine has cores.</summary>
    public int Workers { get; init; }

    /// <summary>The most memory that decoded batches waiting for the network may hold, MiB.</summary>
    public int QueueMb { get; init; } = 256;

    /// <summary>Steps between two lines of progress and metrics.</summary>
    public int LogEvery { get; init; } = 10;

    /// <summary>Steps between two checkpoints; 0: one at the end of every epoch.</summary>
    public int CheckpointEvery { get; init; }

    /// <summary>How many checkpoints are kept: the newest ones.</summary>
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>Epochs between two validations; 0: none.</summary>
    public int ValidateEvery { get; init; } = 1;

    /// <summary>The most clips that one validation looks at; the same ones every time.</summary>
    public int ValidationClips { get; init; } = 256;

    /// <summary>Training clips from which the spectrograms' mean and standard deviation are measured, where the recipe normalises by them.</summary>
    public int StatisticsClips { get; init; } = 256;

    /// <summary>Samples that may fail to decode before the run stops. Each one is recorded in the metrics; none is replaced by another.</summary>
    public int MaxBadSamples { get; init; } = 100;

    /// <summary>Clips of one step of the optimiser: the effective batch.</summary>
    public int ClipsPerStep => checked(Batch * Accumulate);

    /// <summary>Rounds a number of clips up to whole steps.</summary>
    /// <param name="clips">Clips, at least 0.</param>
    public int WholeSteps(int clips) => checked((clips + ClipsPerStep - 1) / ClipsPerStep * ClipsPerStep);

    /// <summary>Options that can't change what is learned, as keys of a recipe: a resumed run may have other values.</summary>
    internal static IReadOnlyList<string> FreeKeys { get; } =
        ["training.workers", "training.queue_mb", "training.checkpoint_every", "training.keep_checkpoints", "training.max_bad_samples", "training.checkpoint_activations"];

    /// <summary>The same with those at their defaults: what a checkpoint's hash of the recipe is taken over.</summary>
    internal TrainingOptions WithoutFreeOptions()
    {
        var free = new TrainingOptions();
        return this with
        {
            Workers = free.Workers,
            QueueMb = free.QueueMb,
            CheckpointEvery = free.CheckpointEvery,
            KeepCheckpoints = free.KeepCheckpoints,
            MaxBadSamples = free.MaxBadSamples,
            CheckpointActivations = free.CheckpointActivations,
        };
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        (string Name, int Value, int Least)[] bounds =
        [
            (nameof(EpochSize), EpochSize, 0), (nameof(Batch), Batch, 2), (nameof(Accumulate), Accumulate, 1), (nameof(Threads), Threads, 0), (nameof(Workers), Workers, 0), (nameof(QueueMb), QueueMb, 1),
            (nameof(LogEvery), LogEvery, 1), (nameof(CheckpointEvery), CheckpointEvery, 0), (nameof(KeepCheckpoints), KeepCheckpoints, 1), (nameof(ValidateEvery), ValidateEvery, 0),
            (nameof(ValidationClips), ValidationClips, 1), (nameof(StatisticsClips), StatisticsClips, 1), (nameof(MaxBadSamples), MaxBadSamples, 0),
        ];
        foreach (var (name, value, least) in bounds)
        {
            if (value < least)
            {
                yield return new(name, $"must be at least {least}{(name == nameof(Batch) ? ": batch normalisation needs more than one sample" : "")}");
            }
        }

        // Clips are drawn ahead, a record each; workers are threads.
        foreach (var (name, value, most) in new[]
        {
            (nameof(EpochSize), EpochSize, 10_000_000), (nameof(ValidationClips), ValidationClips, 10_000_000), (nameof(StatisticsClips), StatisticsClips, 10_000_000),
            (nameof(Workers), Workers, 1024), (nameof(Threads), Threads, 1024),
        })
        {
            if (value > most)
            {
                yield return new(name, $"must be at most {most}");
            }
        }

        if ((long)Batch * Accumulate > MostClipsPerStep)
        {
            yield return new(nameof(Accumulate), $"times batch are {(long)Batch * Accumulate} clips a step; there may be {MostClipsPerStep}");
        }

        if (!(ClipNorm >= 0) || double.IsInfinity(ClipNorm))
        {
            yield return new(nameof(ClipNorm), "must be at least 0 (0: off)");
        }

        if (LearningRate.Schedule == LearningRateShape.Plateau && LearningRate.PlateauMetric == PlateauMetric.Validation && ValidateEvery != 1)
        {
            yield return new(nameof(ValidateEvery), "must be 1 where the plateau is measured on the validation loss");
        }
    }
}
