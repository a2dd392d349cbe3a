using Parquet.Schema;

namespace Duet.Data.Tables;

/// <summary>What a row of features belongs to.</summary>
/// <param name="Clip">The clip's id.</param>
/// <param name="Video">The video's id.</param>
/// <param name="Start">Where the clip's window starts, seconds.</param>
/// <param name="Modality"><c>audio</c>, <c>video</c>, or whatever the file says.</param>
/// <param name="Layer">The layer that the features come from.</param>
public sealed record FeatureRow(string Clip, string Video, double Start, string Modality, string Layer);

/// <summary>Rows of features that were read, or are to be written, together.</summary>
/// <param name="Rows">What each row belongs to.</param>
/// <param name="Dimension">Values per row.</param>
/// <param name="Values">The values, row by row: <c>[rows, dimension]</c>.</param>
public sealed record FeatureBlock(IReadOnlyList<FeatureRow> Rows, int Dimension, ReadOnlyMemory<float> Values);

/// <summary>The names of a table of features.</summary>
public static class FeatureTable
{
    /// <summary>The format that this version writes, under <see cref="PseudoLabelTable.FormatKey"/>.</summary>
    public const string Format = "features/1";

    internal const string ClipColumn = "clip";
    internal const string VideoColumn = "video";
    internal const string StartColumn = "start";
    internal const string ModalityColumn = "modality";
    internal const string LayerColumn = "layer";
    internal const string FeatureColumn = "feature";

    /// <summary>Values per row at most.</summary>
    public const int MostColumns = 1 << 20;

    internal static ListField FeatureField() => new(FeatureColumn, new DataField<float>(ListField.ElementName, nullable: false));
}
