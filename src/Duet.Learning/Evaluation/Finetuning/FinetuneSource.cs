using System.Security.Cryptography;
using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Learning.Audio;
using Duet.Learning.Models;
using Duet.Learning.Pretext;
using Duet.Learning.Recipes;
using Duet.Learning.Training;
using Duet.Learning.Weights;
using static TorchSharp.torch;

namespace Duet.Learning.Evaluation.Finetuning;

/// <summary>What is finetuned: the encoders of a run, an encoder file's, or those that a recipe describes.</summary>
internal sealed class FinetuneSource : IDisposable
{
    private readonly IReadOnlyList<Encoder> encoders;

    private FinetuneSource(IReadOnlyList<Encoder> encoders) => this.encoders = encoders;

    /// <summary>The run's folder or the encoder file; empty where none was named.</summary>
    public string Path { get; private init; } = "";

    /// <summary>The run's recipe; empty where it is not known.</summary>
    public string Recipe { get; private init; } = "";

    /// <summary>How the weights were learned: <c>avts</c>, <c>xdc</c>, ...; <c>scratch</c> where there are none.</summary>
    public string Method { get; private init; } = "scratch";

    /// <summary>Steps that they were trained for.</summary>
    public long Step { get; private init; }

    /// <summary>The networks, video first.</summary>
    public IReadOnlyList<string> Networks => [.. encoders.Select(e => e.Architecture)];

    /// <summary>What clips they learned from; null where no run was named.</summary>
    public ClipOptions? Clip { get; private init; }

    /// <summary>The spectrograms; null where there is no audio encoder.</summary>
    public LogMelOptions? Spectrogram { get; private init; }

    /// <summary>What they are normalised by.</summary>
    public SpectrogramStatistics? Statistics { get; private init; }

    /// <summary>Which videos taught them; null where that is not recorded.</summary>
    public RunStore? Store { get; private init; }

    /// <summary>The run's division of its store.</summary>
    public PartitionOptions Division { get; private init; } = new();

    /// <summary>A hash of the weights, hexadecimal; empty where there are none.</summary>
    public string WeightsHash { get; private init; } = "";

    /// <summary>Opens what a recipe and a run name.</summary>
    /// <param name="recipe">The evaluation recipe.</param>
    /// <param name="run">A run's folder, an encoder file, or null.</param>
    /// <param name="damaged">Hears of newer checkpoints that can't be used, and why.</param>
    /// <exception cref="UsageException">There is no such run, it lacks an encoder, or weights are wanted of no run.</exception>
    public static FinetuneSource Open(EvaluationRecipe recipe, string? run, Action<string>? damaged)
    {
        var options = recipe.Finetune;
        var wanted = Wanted(options.Modality);
        if (run is null)
        {
            return options.Weights == FinetuneWeights.Scratch ? Described(recipe, wanted) : throw new UsageException(
                $"The protocol '{recipe.Name}' finetunes pretrained weights. Name a run's folder or an encoder file: duet eval finetune RUN ...; or train from scratch with --set finetune.weights=scratch.");
        }

        return File.Exists(run) ? OfFile(run, wanted, options) : OfRun(RunFolder.Open(run), wanted, options, damaged);
    }

    /// <summary>Encoders with the weights that a training starts from, video first; the caller disposes of them.</summary>
    /// <param name="weights">The run's weights, or first ones.</param>
    /// <param name="seed">The seed of first weights.</param>
    public IReadOnlyList<Encoder> Create(FinetuneWeights weights, long seed) => [.. encoders.Select(e =>
    {
        if (weights == FinetuneWeights.Scratch)
        {
            return EncoderRegistry.Create(e.Options, seed);
        }

        var copy = EncoderRegistry.CreateUninitialised(e.Options);
        using var gradientless = no_grad();
        foreach (var (from, to) in Checkpoint.TensorsOf(e).Zip(Checkpoint.TensorsOf(copy)))
        {
            to.Value.copy_(from.Value);
        }

        return copy;
    })];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var encoder in encoders)
        {
            encoder.Dispose();
        }
    }

    private static Modality[] Wanted(FinetuneModality modality) => modality switch
    {
        FinetuneModality.Both => [Modality.Video, Modality.Audio],
        FinetuneModality.Video => [Modality.Video],
        _ => [Modality.Audio],
    };

    private static FinetuneSource Described(EvaluationRecipe recipe, Modality[] wanted)
    {
        var sections = wanted.Select(m => (m, Options: m == Modality.Video ? recipe.Video : recipe.Audio)).ToArray();
        if (sections.Where(s => s.Options is null).Select(s => FinetuneModel.NameOf(s.m)).FirstOrDefault() is { } section)
        {
            throw new UsageException($"The protocol '{recipe.Name}' does not say which network to train from scratch: give it a section '{section}' (--set {section}.name=...), or name a run whose architecture to take.");
        }

        return new FinetuneSource([.. sections.Select(s => EncoderRegistry.CreateUninitialised(s.Options!))])
        {
            Spectrogram = wanted.Contains(Modality.Audio) ? recipe.Spectrogram ?? new() : null,
            Division = recipe.Data,
        };
    }

    private static FinetuneSource OfRun(RunFolder folder, Modality[] wanted, FinetuneOptions options, Action<string>? damaged)
    {
        var run = PretrainedEncoders.Open(folder, damaged);
        var kept = wanted.Select(m => run.Encoders.FirstOrDefault(e => e.Modality == m)).OfType<Encoder>().ToArray();
        foreach (var other in run.Encoders.Except(kept))
        {
            other.Dispose();
        }

        var source = new FinetuneSource(kept)
        {
            Path = folder.Path,
            Recipe = run.Recipe.Name,
            Method = MethodOf(run.Recipe.MethodName(), options),
            Step = run.Step,
            Clip = run.Recipe.Clip,
            Spectrogram = wanted.Contains(Modality.Audio) ? run.Recipe.Spectrogram : null,
            Statistics = options.Weights == FinetuneWeights.Pretrained && wanted.Contains(Modality.Audio) ? run.Statistics : null,
            Store = RunStore.Read(folder),
            Division = run.Recipe.Data,
            WeightsHash = HashOf(kept, options),
        };
        return source.Checked(wanted, options);
    }

    private static FinetuneSource OfFile(string file, Modality[] wanted, FinetuneOptions options)
    {
        var (encoder, card) = EncoderFile.Load(file);
        var origin = EncoderOrigin.Of(file, card);
        var source = new FinetuneSource([encoder])
        {
            Path = System.IO.Path.GetFullPath(file),
            Recipe = origin?.Recipe?.Name ?? "",
            Method = MethodOf(card.Method, options),
            Step = card.Step,
            Clip = card.Clip,
            Spectrogram = card.Spectrogram,
            Statistics = options.Weights == FinetuneWeights.Pretrained ? card.SpectrogramStatistics : null,
            Store = origin?.Store,
            Division = origin?.Recipe?.Data ?? new(),
            WeightsHash = HashOf([encoder], options),
        };
        return source.Checked(wanted, options);
    }

    private static string MethodOf(string pretrained, FinetuneOptions options) => options.Weights == FinetuneWeights.Scratch ? "scratch" : pretrained;

    private static string HashOf(IEnumerable<Encoder> encoders, FinetuneOptions options)
    {
        if (options.Weights == FinetuneWeights.Scratch)
        {
            return "";
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var scope = NewDisposeScope();
        foreach (var (_, value) in encoders.SelectMany(Checkpoint.TensorsOf))
        {
            hash.AppendData(value.contiguous().bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private FinetuneSource Checked(Modality[] wanted, FinetuneOptions options)
    {
        var missing = wanted.Where(m => encoders.All(e => e.Modality != m)).Select(FinetuneModel.NameOf).ToArray();
        if (missing.Length == 0)
        {
            return this;
        }

        Dispose();
        throw new UsageException(
            $"'{Path}' has no {missing[0]} encoder, which finetune.modality: {options.Modality.ToString().ToLowerInvariant()} needs. Name another run{(wanted.Length > 1 ? "'s folder" : "")}, or set finetune.modality.");
    }
}
