using System.Text.Json.Serialization;
using Duet.Learning.Evaluation;

namespace Duet.Learning.Training.Profiling;

/// <summary>What a machine gives for a recipe, where the time goes, and what to change: the result of <c>duet bench</c>.</summary>
public sealed record BenchResult
{
    /// <summary>The file format.</summary>
    [JsonPropertyOrder(-1)]
    public string Format { get; } = ResultFile.Format;

    /// <summary>Which result this is.</summary>
    [JsonPropertyOrder(-1)]
    public string Kind { get; } = "bench";

    /// <summary>The recipe's name.</summary>
    public required string Recipe { get; init; }

    /// <summary>Its method: <c>avts</c>, <c>xdc</c>, ..., or <c>finetune</c>.</summary>
    public required string Method { get; init; }

    /// <summary>What learns: the networks' names.</summary>
    public required IReadOnlyList<string> Networks { get; init; }

    /// <summary>What a clip is, in words.</summary>
    public required string Clip { get; init; }

    /// <summary>The store's folder; empty where the videos were generated.</summary>
    public required string Store { get; init; }

    /// <summary>Short side of the stored frames, pixels.</summary>
    public required int ShortSide { get; init; }

    /// <summary>The machine, libraries, threads, device and precision.</summary>
    public required RunEnvironment Environment { get; init; }

    /// <summary>What of the recipe bears on speed.</summary>
    public required BenchSettings Settings { get; init; }

    /// <summary>Steps that were measured, after those that don't count.</summary>
    public required int Steps { get; init; }

    /// <summary>Clips a second, over all measured steps.</summary>
    public required double ClipsPerSecond { get; init; }

    /// <summary>Seconds of a step.</summary>
    public required BenchSpread StepSeconds { get; init; }

    /// <summary>Seconds of a step by phase, means: <c>waiting</c>, <c>inputs</c>, <c>forward</c>, <c>backward</c>, <c>optimiser</c>, <c>other</c>.</summary>
    public required IReadOnlyDictionary<StepPhase, double> PhaseSeconds { get; init; }

    /// <summary>The data path.</summary>
    public required BenchData Data { get; init; }

    /// <summary>Memory.</summary>
    public required BenchMemory Memory { get; init; }

    /// <summary>Arithmetic, against what the machine's plain matrix products reach.</summary>
    public required BenchArithmetic Arithmetic { get; init; }

    /// <summary>Seconds that the checkpoint and the encoder files at the end took.</summary>
    public required double SavingSeconds { get; init; }

    /// <summary>Which settings to change, the most telling first; empty where none would help.</summary>
    public IReadOnlyList<BenchAdvice> Advice { get; init; } = [];

    /// <summary>A phase's share of the time, 0 to 1.</summary>
    /// <param name="phase">Which.</param>
    public double Share(StepPhase phase) => PhaseSeconds[phase] / PhaseSeconds.Values.Sum();
}

/// <summary>What of a recipe bears on speed, as it was run.</summary>
/// <param name="Batch">Clips that pass the networks at once.</param>
/// <param name="Accumulate">Batches of a step.</param>
/// <param name="Workers">Threads that decode.</param>
/// <param name="QueueMb">The recipe's bound on decoded clips that wait, MiB; the measurement holds no more than four batches, so that it soon runs as it would after hours.</param>
/// <param name="BatchBytes">Bytes of a decoded batch.</param>
/// <param name="LogEvery">Steps between two lines of metrics.</param>
public sealed record BenchSettings(int Batch, int Accumulate, int Workers, int QueueMb, long BatchBytes, int LogEvery);

/// <summary>Middle and ends of a row of measurements.</summary>
/// <param name="Median">The middle one.</param>
/// <param name="Least">The smallest.</param>
/// <param name="Most">The largest.</param>
public sealed record BenchSpread(double Median, double Least, double Most);

/// <summary>The data path.</summary>
public sealed record BenchData
{
    /// <summary>Share of the time that the networks would wait for data in a long run: what was measured, or more where the queue was running dry.</summary>
    public required double WaitShare { get; init; }

    /// <summary>Share of the decode workers' time in which they had nothing to do, for the queue was full.</summary>
    public required double IdleShare { get; init; }

    /// <summary>Clips a second that the workers decode when nothing else runs.</summary>
    public required double AloneClipsPerSecond { get; init; }

    /// <summary>Bytes a second read from the store while training: JPEG and PCM.</summary>
    public required double ReadBytesPerSecond { get; init; }

    /// <summary>Bytes a second decoded while training: pixels and PCM.</summary>
    public required double DecodedBytesPerSecond { get; init; }

    /// <summary>Managed bytes that the workers allocate for a clip.</summary>
    public required double WorkerBytesPerClip { get; init; }

    /// <summary>Clips that could not be read.</summary>
    public required long Failures { get; init; }
}

/// <summary>Memory.</summary>
/// <param name="PeakBytes">The process's largest resident set, libtorch's and .NET's memory together.</param>
/// <param name="AvailableBytes">What the machine, or the container, has.</param>
/// <param name="LoopBytesPerStep">Managed bytes that the loop's thread allocates in a step.</param>
/// <param name="Collections">Garbage collections while the steps were measured.</param>
public sealed record BenchMemory(long PeakBytes, long AvailableBytes, double LoopBytesPerStep, int Collections);

/// <summary>Arithmetic.</summary>
/// <param name="FlopsPerClip">Floating-point operations of a clip's share of a step: the convolutions', forward and backward (<see cref="Models.NetworkCost"/>).</param>
/// <param name="FlopsPerSecond">What was done a second while training.</param>
/// <param name="Rates">What plain matrix products and copies reach on the same threads.</param>
/// <param name="Utilisation">Their share, in the precision of the run: 0 to 1.</param>
public sealed record BenchArithmetic(double FlopsPerClip, double FlopsPerSecond, MachineRates Rates, double Utilisation);

/// <summary>A setting to change.</summary>
/// <param name="Setting">Which: a recipe's key, or an option of another verb.</param>
/// <param name="Value">To what.</param>
/// <param name="Why">What was measured that speaks for it, and what it costs.</param>
public sealed record BenchAdvice(string Setting, string Value, string Why);
