using System.Text.Json.Serialization;

namespace Duet.Learning.Evaluation;

/// <summary>What every result file begins with: what was evaluated on what. <c>duet results</c> and the report read it whatever the kind.</summary>
public abstract record EvaluationResult
{
    /// <summary>Says what was evaluated.</summary>
    /// <param name="kind">Which result this is.</param>
    /// <param name="run">What was evaluated.</param>
    /// <param name="store">The store's folder.</param>
    /// <param name="fingerprint">Which videos the store held.</param>
    private protected EvaluationResult(string kind, EvaluatedRun run, string store, string fingerprint)
    {
        ArgumentNullException.ThrowIfNull(run);
        (Kind, Store, StoreFingerprint) = (kind, store, fingerprint);
        (Run, Recipe, Method, Seed, Step, Precision) = (run.Path, run.Recipe, run.Method, run.Seed, run.Step, run.Precision);
    }

    /// <summary>The file format.</summary>
    [JsonPropertyOrder(-1)]
    public string Format { get; } = ResultFile.Format;

    /// <summary><c>probe</c>, <c>finetune</c>, <c>retrieval</c> or <c>sync</c>.</summary>
    [JsonPropertyOrder(-1)]
    public string Kind { get; }

    /// <summary>The run's folder or the encoder file; empty where none was named.</summary>
    [JsonPropertyOrder(-1)]
    public string Run { get; }

    /// <summary>The name of the run's recipe; empty where it is not known.</summary>
    [JsonPropertyOrder(-1)]
    public string Recipe { get; }

    /// <summary>The method that taught the encoders: <c>avts</c>, <c>xdc</c>, ...; <c>scratch</c>, <c>random</c> or <c>log_mel</c> where none did.</summary>
    [JsonPropertyOrder(-1)]
    public string Method { get; }

    /// <summary>The store's folder.</summary>
    [JsonPropertyOrder(-1)]
    public string Store { get; }

    /// <summary>Which videos the store held.</summary>
    [JsonPropertyOrder(-1)]
    public string StoreFingerprint { get; }

    /// <summary>The run's seed; a finetuning's is the protocol's.</summary>
    [JsonPropertyOrder(-1)]
    public long Seed { get; }

    /// <summary>Steps that the run was trained for.</summary>
    [JsonPropertyOrder(-1)]
    public long Step { get; }

    /// <summary>What the convolutions computed in.</summary>
    [JsonPropertyOrder(-1)]
    public string Precision { get; }

    /// <summary>Videos that could not take part, with the reason.</summary>
    [JsonPropertyOrder(1)]
    public required IReadOnlyList<LeftOut> LeftOut { get; init; }
}
