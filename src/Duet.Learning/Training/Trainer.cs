using System.Diagnostics;
using System.Globalization;
using Duet.Data.Clips;
using Duet.Data.Files;
using Duet.Learning.Native;
using Duet.Learning.Training.Profiling;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>
/// The loop: reads what the method asks for, takes steps, validates, saves. It knows nothing about the method. Stopped after any step
/// and started again, it ends with the same bits as if it had not been.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly ITrainingTask task;
    private readonly ClipLoader loader;
    private readonly TrainingOptions options;
    private readonly Checkpoints checkpoints;
    private readonly MetricsLog metrics;
    private readonly IProgress<TrainingProgress>? progress;
    private readonly StepClock? profile;
    private readonly IOptimiser optimiser;
    private readonly Tensor[] parameters;
    private readonly LearningRateSchedule schedule;
    private readonly IntervalMeter interval;
    private readonly StepLedger ledger = new();
    private readonly BadSamples bad;
    private readonly int stepsPerEpoch;
    private readonly Stopwatch clock = new();
    private readonly double secondsBefore;
    private readonly long firstStep;
    private TrainerState state;

    /// <summary>Makes the loop, at the start of a run or where a checkpoint left it.</summary>
    /// <param name="task">The method.</param>
    /// <param name="loader">Reads clips.</param>
    /// <param name="options">The recipe's section.</param>
    /// <param name="checkpoints">Where checkpoints go.</param>
    /// <param name="metrics">Where numbers go.</param>
    /// <param name="resumeFrom">The checkpoint to go on from; null for a new run. Its tensors are copied.</param>
    /// <param name="progress">Hears of every step, on the loop's thread.</param>
    /// <param name="profile">Is told where each phase of a step ends.</param>
    public Trainer(
        ITrainingTask task,
        ClipLoader loader,
        TrainingOptions options,
        Checkpoints checkpoints,
        MetricsLog metrics,
        Checkpoint? resumeFrom = null,
        IProgress<TrainingProgress>? progress = null,
        StepClock? profile = null)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        this.task = task;
        this.loader = loader;
        this.options = options;
        this.checkpoints = checkpoints;
        this.metrics = metrics;
        this.progress = progress;
        this.profile = profile;
        var named = Optimisers.ParametersOf(task.Network, options.Optimiser.DecayNormAndBias, task.LearningRateFactor);
        parameters = [.. named.Select(p => p.Value)];
        optimiser = Optimisers.Create(options.Optimiser, named);
        stepsPerEpoch = task.ClipsPerEpoch / options.ClipsPerStep;
        schedule = new LearningRateSchedule(options.LearningRate, stepsPerEpoch, task.EpochsPerRound);
        state = resumeFrom?.CopyTo(task, optimiser) ?? new TrainerState();
        interval = new IntervalMeter(state);
        bad = new BadSamples(metrics, options.MaxBadSamples, Note);
        (secondsBefore, firstStep) = (state.Seconds, state.Step);
        ReadsEveryStep = parameters.All(p => p.device_type == DeviceType.CPU);
    }

    /// <summary>Whether the loop looks at a step's numbers before it takes the next one: so on a CPU, where nothing is waited for. The numbers are the same.</summary>
    internal bool ReadsEveryStep { get; init; }

    /// <summary>Where the run stands.</summary>
    public TrainerState State => state;

    private long Steps => (long)task.Epochs * stepsPerEpoch;

    /// <summary>Trains to the end, or until asked to stop: then the step is finished and everything saved.</summary>
    /// <param name="stop">Asks to stop.</param>
    /// <exception cref="TrainingException">The loss is no number any more, or too many samples are unreadable. The last checkpoint stays.</exception>
    /// <exception cref="FileWriteException">The run's folder can't be written. The last checkpoint stays.</exception>
    public TrainingOutcome Run(CancellationToken stop)
    {
        loader.OnFailure = (request, failure) => bad.Hear(request, failure, state.Step);
        try
        {
            return Train(stop);
        }
        catch (FileWriteException e)
        {
            throw new FileWriteException($"{e.Message} {checkpoints.NewestInWords()}", e);
        }
        finally
        {
            loader.OnFailure = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        optimiser.Dispose();
        ledger.Dispose();
    }

    private TrainingOutcome Train(CancellationToken stop)
    {
        clock.Start();
        try
        {
            if (!state.Begun)
            {
                Counting("measuring the data", () => task.Begin(loader, stop));
                state = state with { Begun = true };
            }

            while (!state.Finished && state.Epoch < task.Epochs && Counting("preparing an epoch", () => task.Prepare(state.Epoch, loader, stop)) is { } plan)
            {
                BeginEpoch(plan);
                bad.Begin("training", state.BadSamples);

                // Inside a step of several batches nothing is given up: batch normalisation has seen the first ones already.
                var giveUp = options.Accumulate == 1 ? stop : CancellationToken.None;
                using var batches = interval.TimeWaiting(loader.Load(plan.Requests, options.Batch, state.Batch, giveUp)).GetEnumerator();
                while (batches.MoveNext())
                {
                    Step(batches, plan);
                    if (options.CheckpointEvery > 0 && state.Step % options.CheckpointEvery == 0)
                    {
                        Save();
                    }

                    profile?.EndStep();
                    stop.ThrowIfCancellationRequested();
                }

                EndEpoch(Validate(stop));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return End(finished: false);
        }

        return End(finished: true);
    }

    private void BeginEpoch(EpochPlan plan)
    {
        if (plan.Requests.Count != stepsPerEpoch * options.ClipsPerStep)
        {
            throw new InvalidOperationException($"The method planned {plan.Requests.Count} clips for an epoch of {stepsPerEpoch} steps of {options.ClipsPerStep}.");
        }

        if (plan.Restart && state.Batch == 0)
        {
            optimiser.Reset();
            state = state with { RoundStart = state.Step, Plateau = PlateauState.Start };
        }

        foreach (var note in plan.Notes)
        {
            Event(note);
        }

        if (plan.Numbers.Count > 0)
        {
            metrics.Write("plan", state.Step, state.Epoch, plan.Numbers, plan.Stage);
        }

        task.Network.train();
        interval.Restart();
        profile?.Start(task.TimePreparing);
    }

    /// <summary>A step from the present batch and those that follow it, which is all or nothing.</summary>
    private void Step(IEnumerator<ClipBatch> batches, EpochPlan plan)
    {
        using var scope = NewDisposeScope();
        task.Network.zero_grad();
        var gradient = new StepGradient(parameters, options.Accumulate, options.ClipsPerStep);
        Differentiate(batches.Current, gradient);
        for (var i = 1; i < options.Accumulate && batches.MoveNext(); i++)
        {
            Differentiate(batches.Current, gradient);
        }

        gradient.Complete();
        var norm = options.ClipNorm > 0 ? GradientClipping.ByGlobalNorm([.. parameters.Select(p => p.grad!)], options.ClipNorm) : null;
        var learningRate = schedule.At(state.Step - state.RoundStart, state.Plateau.Reductions);
        optimiser.Step(learningRate);
        profile?.Mark(StepPhase.Optimiser);
        interval.Count(options.ClipsPerStep);
        state = state with { Step = state.Step + 1, Batch = state.Batch + options.Accumulate };
        ledger.Add(state.Step, gradient, norm);
        if (ReadsEveryStep)
        {
            Read();
        }

        Report(plan.Stage, learningRate);
    }

    /// <summary>Adds a batch to a step's gradient, and gives the batch back.</summary>
    private void Differentiate(ClipBatch batch, StepGradient gradient)
    {
        using var given = batch;
        using var scope = NewDisposeScope();
        profile?.Mark(StepPhase.Waiting);
        state = state with { BadSamples = bad.Commit(state.Step) };
        var result = task.Step(batch);
        profile?.MarkForward(task.TimePreparing);
        gradient.Add(result);
        profile?.Mark(StepPhase.Backward);
    }

    private IReadOnlyList<KeyValuePair<string, double>>? Validate(CancellationToken stop)
    {
        if (options.ValidateEvery == 0 || (state.Epoch + 1) % options.ValidateEvery != 0)
        {
            return null;
        }

        task.Network.eval();
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        return Counting("validating", () => task.Validate(loader, stop));
    }

    /// <summary>A pass over clips that is done again, from its start, where it is cut off: the samples that fail in it count once it is over.</summary>
    private T Counting<T>(string pass, Func<T> work)
    {
        bad.Begin(pass, state.BadSamples);
        var result = work();
        state = state with { BadSamples = bad.Commit(state.Step) };
        return result;
    }

    private void Counting(string pass, Action work) => Counting(pass, () =>
    {
        work();
        return true;
    });

    private void EndEpoch(IReadOnlyList<KeyValuePair<string, double>>? validation)
    {
        if (validation is not null)
        {
            if (validation.FirstOrDefault(v => v.Key == "loss") is { Key: not null } judged && !double.IsFinite(judged.Value))
            {
                throw Diverged("validation loss", judged.Value, state.Step);
            }

            metrics.Write("validation", state.Step, state.Epoch, validation);
            Note(string.Create(CultureInfo.InvariantCulture, $"epoch {state.Epoch + 1} validation: {string.Join(", ", validation.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Key.Replace('_', ' ')} {v.Value:0.####}")))}"));
        }

        task.EndEpoch(state.Epoch, validation);
        var plateauOn = options.LearningRate.PlateauMetric == PlateauMetric.Training
            ? state.EpochLoss / stepsPerEpoch
            : validation?.FirstOrDefault(v => v.Key == "loss").Value;
        state = state with
        {
            Epoch = state.Epoch + 1,
            Batch = 0,
            EpochLoss = 0,
            Plateau = plateauOn is { } loss ? state.Plateau.After(loss, options.LearningRate.Patience) : state.Plateau,
        };
        if (options.CheckpointEvery == 0 && state.Epoch < task.Epochs)
        {
            Save();
        }
    }

    private TrainingOutcome End(bool finished)
    {
        state = state with { Finished = finished };

        // Stopped between two epochs, the checkpoint of this step is already there, and what was prepared since then is prepared again. To
        // write another one over it would, if cut off half-way, leave tensors and header that do not belong together.
        var file = !finished && state.Batch == 0 ? checkpoints.Existing(state.Step) ?? Save() : Save();
        if (state.Step > 0)
        {
            task.Export(checkpoints.Run, state.Step, checkpoints.Store);
        }

        return new TrainingOutcome(finished, state.Step, Steps, state.Seconds, file);
    }

    /// <summary>Takes in what the steps since the last time measured.</summary>
    private void Read()
    {
        foreach (var reading in ledger.Read())
        {
            if (!double.IsFinite(reading.Loss))
            {
                throw Diverged("loss", reading.Loss, reading.Step);
            }

            interval.Add(reading.Numbers);
            state = state with { EpochLoss = state.EpochLoss + reading.Loss };
        }
    }

    private string Save()
    {
        Read();
        state = interval.Into(state) with
        {
            Updates = optimiser.Updates,
            Seconds = secondsBefore + clock.Elapsed.TotalSeconds,
            MetricsBytes = metrics.Flush(),
        };
        return checkpoints.Save(state, task, optimiser);
    }

    private void Report(string stage, double learningRate)
    {
        var endsInterval = state.Step % options.LogEvery == 0 || state.Batch == stepsPerEpoch * options.Accumulate;
        if (endsInterval)
        {
            Read();
        }
        else if (ledger.HasUnread)
        {
            return; // on a GPU: nothing is known of this step yet
        }

        var elapsed = clock.Elapsed;
        var line = new StepProgress
        {
            Step = state.Step,
            Steps = Steps,
            Epoch = state.Epoch,
            Epochs = task.Epochs,
            Stage = stage,
            Means = interval.Means(),
            LearningRate = learningRate,
            ClipsPerSecond = interval.ClipsPerSecond,
            DataWaitShare = interval.DataWaitShare,
            TimeLeft = elapsed / (state.Step - firstStep) * (Steps - state.Step),
            EndsInterval = endsInterval,
        };
        progress?.Report(line);
        if (!line.EndsInterval)
        {
            return;
        }

        metrics.Write(
            "train",
            state.Step,
            state.Epoch,
            [
                .. line.Means,
                new("learning_rate", learningRate),
                new("clips_per_second", line.ClipsPerSecond),
                new("data_wait_share", line.DataWaitShare),
                new("seconds", secondsBefore + elapsed.TotalSeconds),
            ],
            stage);
        foreach (var message in task.Observe(state.Epoch, line.Means))
        {
            Event(message);
        }

        interval.Reset();
    }

    private void Event(string message)
    {
        metrics.Event(state.Step, message);
        Note(message);
    }

    private void Note(string message) => progress?.Report(new TrainingNote(message));

    private DivergenceException Diverged(string what, double loss, long step) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"The {what} became {loss} at step {step} (epoch {state.Epoch + 1}). Try a lower training.learning_rate.base, a longer warm-up, training.clip_norm: 1 or training.precision: fp32. {checkpoints.NewestInWords()}"));
}
