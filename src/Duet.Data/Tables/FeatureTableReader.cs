using Parquet.Schema;

namespace Duet.Data.Tables;

/// <summary>
/// Reads features, one row group at a time. Files of other programs are read too: they need a column <c>feature</c> with lists of 32-bit or 64-bit floats,
/// all of one length within a row group, and a column <c>clip</c> with an id per row; <c>video</c>, <c>start</c>, <c>modality</c> and <c>layer</c> are optional.
/// </summary>
public sealed class FeatureTableReader : IDisposable
{
    private readonly ParquetTable table;
    private readonly DataField clip;
    private readonly DataField feature;
    private readonly DataField? video;
    private readonly DataField? start;
    private readonly DataField? modality;
    private readonly DataField? layer;
    private readonly ParquetTable.ListMemory<float> floats = new();
    private readonly ParquetTable.ListMemory<double> doubles = new();
    private float[] narrowed = [];

    private FeatureTableReader(ParquetTable table)
    {
        this.table = table;
        clip = Column<string>(FeatureTable.ClipColumn) ?? throw Missing(FeatureTable.ClipColumn, "an id per row");
        video = Column<string>(FeatureTable.VideoColumn);
        start = Column<double>(FeatureTable.StartColumn);
        modality = Column<string>(FeatureTable.ModalityColumn);
        layer = Column<string>(FeatureTable.LayerColumn);
        feature = table.Find(FeatureTable.FeatureColumn) ?? throw Missing(FeatureTable.FeatureColumn, "a list of floats per row");
        if (feature.MaxRepetitionLevel != 1 || (feature.ClrType != typeof(float) && feature.ClrType != typeof(double)))
        {
            throw new TableException($"'{table.Path}': its column '{FeatureTable.FeatureColumn}' must hold lists of 32-bit or 64-bit floats.");
        }

        for (var group = 0; group < table.Groups; group++)
        {
            Rows += table.RowsOf(group);
        }
    }

    /// <summary>Rows of the whole file, as its footer claims.</summary>
    public long Rows { get; }

    /// <summary>The file's key-value metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => table.Metadata;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="TableException">It is missing, no such table, or damaged.</exception>
    public static FeatureTableReader Open(string path)
    {
        var file = ParquetTable.Open(path);
        try
        {
            return new FeatureTableReader(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the rows, a row group at a time.</summary>
    /// <returns>Blocks, each of one dimension.</returns>
    /// <exception cref="TableException">A row group is damaged, or rows of it have different lengths; the message names the row group and the row.</exception>
    public IEnumerable<FeatureBlock> Read()
    {
        foreach (var group in Groups())
        {
            var (dimension, values) = ValuesOf(group);
            yield return new FeatureBlock(RowsOf(group), dimension, values.ToArray());
        }
    }

    /// <summary>Reads what the rows belong to, without their features, a row group at a time.</summary>
    /// <exception cref="TableException">A row group is damaged.</exception>
    public IEnumerable<IReadOnlyList<FeatureRow>> ReadRows() => Groups().Select(RowsOf);

    /// <summary>Reads the features alone, a row group at a time.</summary>
    /// <param name="wanted">Which row groups, by their place among those that <see cref="ReadRows"/> gives; the others are not read.</param>
    /// <returns>Values per row, and the values row by row; their memory is used again for the next row group.</returns>
    /// <exception cref="TableException">A row group is damaged, or rows of it have different lengths; the message names the row group and the row.</exception>
    public IEnumerable<(int Dimension, ReadOnlyMemory<float> Values)> ReadValues(Func<int, bool> wanted) => Groups().Where((_, i) => wanted(i)).Select(ValuesOf);

    /// <inheritdoc/>
    public void Dispose() => table.Dispose();

    private IEnumerable<int> Groups() => Enumerable.Range(0, table.Groups).Where(g => table.RowsOf(g) > 0);

    private (int Dimension, ReadOnlyMemory<float> Values) ValuesOf(int group)
    {
        ReadOnlyMemory<float> values;
        int dimension;
        if (feature.ClrType == typeof(float))
        {
            (values, dimension) = table.Lists(group, feature, floats);
        }
        else
        {
            (var wide, dimension) = table.Lists(group, feature, doubles);
            narrowed = narrowed.Length < wide.Length ? new float[wide.Length] : narrowed;
            for (var i = 0; i < wide.Length; i++)
            {
                narrowed[i] = (float)wide.Span[i];
            }

            values = narrowed.AsMemory(0, wide.Length);
        }

        return dimension is > 0 and <= FeatureTable.MostColumns
            ? (dimension, values)
            : throw table.Damaged(group, feature, $"its rows have {dimension} values; 1 to {FeatureTable.MostColumns} are possible");
    }

    private FeatureRow[] RowsOf(int group)
    {
        var clips = table.Texts(group, clip);
        var videos = video is null ? null : table.Texts(group, video);
        var starts = start is null ? null : table.Numbers<double>(group, start);
        var modalities = modality is null ? null : table.Texts(group, modality);
        var layers = layer is null ? null : table.Texts(group, layer);
        var rows = new FeatureRow[clips.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = new FeatureRow(clips[i], videos?[i] ?? clips[i], starts?[i] ?? 0, Shared(modalities, i), Shared(layers, i));
        }

        return rows;
    }

    /// <summary>Few different texts in many rows: one object each.</summary>
    private static string Shared(string[]? column, int row) => column is null ? "" : column[row] == column[0] ? column[0] : column[row];

    private DataField? Column<T>(string name)
    {
        var field = table.Find(name);
        return field is null || ParquetTable.Holds(field, typeof(T))
            ? field
            : throw new TableException($"'{table.Path}': its column '{name}' holds {ParquetTable.TypeName(field.ClrType)}, not {ParquetTable.TypeName(typeof(T))}.");
    }

    private TableException Missing(string column, string what) => new(
        $"'{table.Path}' holds no features: it has no column '{column}' ({what}). Its columns: {string.Join(", ", table.Columns)}.");
}
