using System.Globalization;

namespace Duet.Reports.Results;

/// <summary>A number that a paper printed.</summary>
public sealed record PublishedNumber
{
    /// <summary><c>ucf101</c>, <c>hmdb51</c>, <c>esc50</c>, <c>esc10</c>, <c>dcase2014</c>, <c>kinetics</c>.</summary>
    public required string Dataset { get; init; }

    /// <summary><c>finetune</c>, <c>probe</c> or <c>sync</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>What was finetuned: <c>all</c> or <c>fc</c>; empty elsewhere.</summary>
    public required string Layers { get; init; }

    /// <summary><c>audio</c> or <c>video</c>; the kind of negatives for synchronisation.</summary>
    public required string Modality { get; init; }

    /// <summary><c>xdc</c>, <c>avts</c>, <c>scratch</c>, ...; empty for a reference that any method is held to.</summary>
    public required string Method { get; init; }

    /// <summary>What the encoders were pretrained on; empty where on nothing.</summary>
    public required string Pretraining { get; init; }

    /// <summary>Frames of a clip, where they matter and are known.</summary>
    public int? Frames { get; init; }

    /// <summary>Clusters, where they are known.</summary>
    public int? K { get; init; }

    /// <summary>Percent.</summary>
    public required double Number { get; init; }

    /// <summary>Over what: <c>split 1</c>, <c>3 splits</c>, <c>5 folds</c>.</summary>
    public required string Splits { get; init; }

    /// <summary>Paper and table.</summary>
    public required string Source { get; init; }

    /// <summary><c>V</c> read in the paper, <c>V2</c> read in another source, <c>M 80%</c> recollected with that confidence in the value.</summary>
    public required string Certainty { get; init; }

    /// <summary>What else distinguishes the cell.</summary>
    public required string Note { get; init; }

    /// <summary><c>78.0 (XDC Table 1, kinetics, k 64, split 1)</c>; the certainty stands there unless the number was read in the paper.</summary>
    public override string ToString()
    {
        string[] facts =
        [
            Source,
            Pretraining,
            K is { } k ? string.Create(CultureInfo.InvariantCulture, $"k {k}") : "",
            Note,
            Splits,
            Certainty == "V" ? "" : $"[{Certainty}]",
        ];
        return string.Create(CultureInfo.InvariantCulture, $"{Number:0.0} ({string.Join(", ", facts.Where(f => f.Length > 0))})");
    }
}
