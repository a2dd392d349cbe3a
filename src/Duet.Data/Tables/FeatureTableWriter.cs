using Duet.Data.Files;
using Parquet;
using Parquet.Schema;

namespace Duet.Data.Tables;

/// <summary>
/// Writes features as a Parquet file (<c>clip, video, start, modality, layer, feature: list of float</c>), block by block, so that all of them never need to be
/// in memory. The values are stored plainly: random digits don't compress. All rows of a row group have as many values; those of other row groups may have others,
/// so that one file can hold several layers.
/// </summary>
public static class FeatureTableWriter
{
    /// <summary>Values of a row group: small enough for every reader, large enough to read fast.</summary>
    private const int ValuesPerGroup = 1 << 22;

    private static readonly DataField Clip = new DataField<string>(FeatureTable.ClipColumn, nullable: false);
    private static readonly DataField Video = new DataField<string>(FeatureTable.VideoColumn, nullable: false);
    private static readonly DataField Start = new DataField<double>(FeatureTable.StartColumn);
    private static readonly DataField Modality = new DataField<string>(FeatureTable.ModalityColumn, nullable: false);
    private static readonly DataField Layer = new DataField<string>(FeatureTable.LayerColumn, nullable: false);

    /// <summary>Writes a table, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="metadata">Metadata; the format is added.</param>
    /// <param name="blocks">The rows; they are asked for one block after the other.</param>
    /// <param name="cancel">Stops between row groups; the file is not written then.</param>
    /// <exception cref="ArgumentException">A block's values don't fit its rows and dimension.</exception>
    /// <exception cref="FileWriteException">The file can't be written.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, string> metadata, IEnumerable<FeatureBlock> blocks, CancellationToken cancel = default) =>
        Write(path, () => metadata, blocks, cancel);

    /// <summary>As above, with metadata that is known only after the last block.</summary>
    /// <inheritdoc cref="Write(string, IReadOnlyDictionary{string, string}, IEnumerable{FeatureBlock}, CancellationToken)"/>
    public static void Write(string path, Func<IReadOnlyDictionary<string, string>> metadata, IEnumerable<FeatureBlock> blocks, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(blocks);
        AtomicFile.Write(path, stream => WriteAsync(stream, metadata, blocks, cancel).GetAwaiter().GetResult());
    }

    private static async Task WriteAsync(Stream stream, Func<IReadOnlyDictionary<string, string>> metadata, IEnumerable<FeatureBlock> blocks, CancellationToken cancel)
    {
        var list = FeatureTable.FeatureField();
        var schema = new ParquetSchema(Clip, Video, Start, Modality, Layer, list);
        var feature = schema.FindDataField(list.Item.Path);
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.None };
        options.ColumnEncodingHints[feature.Path.ToString()] = EncodingHint.Default;
        await using var writer = await ParquetWriter.CreateAsync(schema, stream, options, cancellationToken: cancel);
        foreach (var block in blocks)
        {
            var dimension = block.Dimension;
            if (dimension is < 1 or > FeatureTable.MostColumns || block.Values.Length != (long)block.Rows.Count * dimension)
            {
                throw new ArgumentException($"A block of {block.Rows.Count} rows of {block.Dimension} features has {block.Values.Length} values; 1 to {FeatureTable.MostColumns} per row are possible.", nameof(blocks));
            }

            var most = Math.Max(1, ValuesPerGroup / dimension);
            for (var from = 0; from < block.Rows.Count; from += most)
            {
                cancel.ThrowIfCancellationRequested();
                var count = Math.Min(most, block.Rows.Count - from);
                using var group = writer.CreateRowGroup();
                await group.WriteAsync(Clip, Column(block, from, count, r => r.Clip));
                await group.WriteAsync(Video, Column(block, from, count, r => r.Video));
                await group.WriteAsync<double>(Start, Column(block, from, count, r => r.Start), cancellationToken: cancel);
                await group.WriteAsync(Modality, Column(block, from, count, r => r.Modality));
                await group.WriteAsync(Layer, Column(block, from, count, r => r.Layer));
                var (defined, repeated) = Levels(count, dimension, feature.MaxDefinitionLevel);
                await group.WriteAllPartsAsync(feature, block.Values.Slice(from * dimension, count * dimension), defined, repeated, cancel);
                group.CompleteValidate();
            }
        }

        // Into the footer, which is written last.
        writer.CustomMetadata = new Dictionary<string, string>(metadata(), StringComparer.Ordinal) { [PseudoLabelTable.FormatKey] = FeatureTable.Format };
    }

    private static T[] Column<T>(FeatureBlock block, int from, int count, Func<FeatureRow, T> value)
    {
        var column = new T[count];
        for (var i = 0; i < count; i++)
        {
            column[i] = value(block.Rows[from + i]);
        }

        return column;
    }

    /// <summary>Every value is there; the first of each row starts a list.</summary>
    private static (int[] Defined, int[] Repeated) Levels(int rows, int dimension, int level)
    {
        var (defined, repeated) = (new int[rows * dimension], new int[rows * dimension]);
        Array.Fill(defined, level);
        Array.Fill(repeated, 1);
        for (var r = 0; r < rows; r++)
        {
            repeated[r * dimension] = 0;
        }

        return (defined, repeated);
    }
}
