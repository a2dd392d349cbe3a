using Duet.Data;

namespace Duet.Learning.Training.Profiling;

/// <summary>How long a recipe is measured.</summary>
public sealed record BenchOptions : IValidated
{
    /// <summary>Steps to measure; 0: as many as fit into <see cref="Seconds"/>, <see cref="LeastSteps"/> to <see cref="MostSteps"/>.</summary>
    public int Steps { get; init; }

    /// <summary>Steps before them that don't count: code is compiled, memory is claimed, the loader's queue comes to its usual length.</summary>
    public int Warmup { get; init; } = 3;

    /// <summary>Seconds of measured steps, where their number is not given.</summary>
    public double Seconds { get; init; } = 30;

    /// <summary>The fewest steps that are measured by time.</summary>
    public const int LeastSteps = 3;

    /// <summary>The most steps.</summary>
    public const int MostSteps = 1000;

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (Steps is < 0 or > MostSteps)
        {
            yield return new(nameof(Steps), $"must be 1 to {MostSteps}, or 0 to go by time");
        }

        if (Warmup is < 1 or > MostSteps)
        {
            yield return new(nameof(Warmup), $"must be 1 to {MostSteps}");
        }

        if (Seconds is not (> 0 and <= 3600))
        {
            yield return new(nameof(Seconds), "must be above 0 and at most 3600");
        }
    }
}

/// <summary>How far a measurement is.</summary>
/// <param name="Step">Steps taken, those that don't count included.</param>
/// <param name="Measured">Steps that count.</param>
/// <param name="ClipsPerSecond">The pace so far; 0 before the first step.</param>
public sealed record BenchProgress(int Step, int Measured, double ClipsPerSecond);
