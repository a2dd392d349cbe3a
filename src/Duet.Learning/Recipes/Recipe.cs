using Duet.Data;
using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Learning.Audio;
using Duet.Learning.Pretext.Avts;
using Duet.Learning.Training;

namespace Duet.Learning.Recipes;

/// <summary>Which method teaches the encoders.</summary>
public enum RecipeMethod
{
    /// <summary>Audio-visual temporal synchronisation (arXiv 1807.00230).</summary>
    Avts,
}

/// <summary>
/// Everything that a run can change, in one record: data, clips, spectrograms, networks, method, training. A recipe file writes what
/// differs from the defaults; <see cref="RecipeFile"/> reads it. Two recipes are equal where every option is.
/// </summary>
public sealed record Recipe : IValidated
{
    private const int MostEpochs = 1_000_000;

    /// <summary>The recipe's name: small letters, digits and underscores; a file's name without <c>.yaml</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary>Which method teaches the encoders.</summary>
    public RecipeMethod Method { get; init; } = RecipeMethod.Avts;

    /// <summary>From which everything random follows: initial weights, order, windows, augmentation.</summary>
    public long Seed { get; init; }

    /// <summary>How videos are divided where the store does not say.</summary>
    public PartitionOptions Data { get; init; } = new();

    /// <summary>What a clip is.</summary>
    public ClipOptions Clip { get; init; } = new();

    /// <summary>How pairs of frames and sound are drawn.</summary>
    public PairOptions Pairs { get; init; } = new();

    /// <summary>What the audio network sees.</summary>
    public LogMelOptions Spectrogram { get; init; } = new();

    /// <summary>The pretext task, where the method is AVTS.</summary>
    public AvtsOptions Avts { get; init; } = new();

    /// <summary>The loop.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>All epochs: those of every stage of the curriculum.</summary>
    public int Epochs() => Avts.Curriculum.Sum(s => s.Epochs);

    /// <inheritdoc/>
    public IEnumerable<ValidationError> Validate()
    {
        if (Name.Length is 0 or > 100 || !Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
        {
            yield return new(nameof(Name), "must be 1 to 100 small letters, digits and underscores");
        }

        if (Avts.Curriculum.Sum(s => (long)s.Epochs) > MostEpochs)
        {
            yield return new($"{nameof(Avts)}.{nameof(AvtsOptions.Curriculum)}", $"has more than {MostEpochs} epochs together");
        }
    }
}
