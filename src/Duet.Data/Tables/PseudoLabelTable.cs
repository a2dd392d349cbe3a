using System.Globalization;
using System.Security.Cryptography;
using Duet.Data.Files;
using Parquet;
using Parquet.Schema;

namespace Duet.Data.Tables;

/// <summary>
/// Pseudo-labels as a Parquet file, one row per clip in the order of the clips' ids (ordinal): the columns of <see cref="PseudoLabel"/>
/// in snake_case and metadata whose keys begin with <c>duet.</c>. Any tool that reads Parquet can join on it.
/// </summary>
/// <param name="Metadata">The file's key-value metadata.</param>
/// <param name="Rows">One per clip, by clip id.</param>
public sealed record PseudoLabelTable(IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<PseudoLabel> Rows)
{
    /// <summary>The key of the metadata that names the format.</summary>
    public const string FormatKey = "duet.format";

    /// <summary>The format that this version writes.</summary>
    public const string Format = "pseudo_labels/1";

    /// <summary>The key of the metadata that says how many clusters there are.</summary>
    public const string ClustersKey = "duet.k";

    /// <summary><see cref="PseudoLabel.Part"/> of clips that formed the centroids.</summary>
    public const string Training = "training";

    /// <summary><see cref="PseudoLabel.Part"/> of clips that were only assigned.</summary>
    public const string Validation = "validation";

    private const int RowsPerGroup = 1 << 20;

    private static readonly DataField Clip = new DataField<string>("clip", nullable: false);
    private static readonly DataField Video = new DataField<string>("video", nullable: false);
    private static readonly DataField Number = new DataField<int>("number");
    private static readonly DataField Start = new DataField<double>("start");
    private static readonly DataField Part = new DataField<string>("part", nullable: false);
    private static readonly DataField Cluster = new DataField<int>("cluster");
    private static readonly DataField Distance = new DataField<float>("distance");

    /// <summary>Reads a table and checks every value.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="TableException">It is missing, no such table, or damaged; the message says where.</exception>
    public static PseudoLabelTable Read(string path)
    {
        using var table = ParquetTable.Open(path);
        var format = table.Metadata.GetValueOrDefault(FormatKey);
        if (format != Format)
        {
            throw new TableException(format is null
                ? $"'{path}' is no table of pseudo-labels: its metadata has no '{FormatKey}'."
                : $"'{path}' is of the format '{format}'; this version reads '{Format}'.");
        }

        var k = int.MaxValue;
        if (table.Metadata.TryGetValue(ClustersKey, out var text) && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out k) || k < 1))
        {
            throw new TableException($"'{path}' is damaged: its metadata says {ClustersKey} = '{text}'.");
        }

        var fields = Array.ConvertAll([Clip, Video, Number, Start, Part, Cluster, Distance], f => Require(table, f));
        var rows = new List<PseudoLabel>();
        for (var group = 0; group < table.Groups; group++)
        {
            var clips = table.Texts(group, fields[0]);
            var videos = table.Texts(group, fields[1]);
            var numbers = table.Numbers<int>(group, fields[2]);
            var starts = table.Numbers<double>(group, fields[3]);
            var parts = table.Texts(group, fields[4]);
            var clusters = table.Numbers<int>(group, fields[5]);
            var distances = table.Numbers<float>(group, fields[6]);
            for (var i = 0; i < clips.Length; i++)
            {
                var row = new PseudoLabel(clips[i], videos[i], numbers[i], starts[i], parts[i], clusters[i], distances[i]);
                if (Problem(row, rows.Count == 0 ? null : rows[^1], k) is var (column, problem))
                {
                    throw table.Damaged(group, fields[column], $"row {i}: {problem}");
                }

                rows.Add(row);
            }
        }

        return new PseudoLabelTable(new Dictionary<string, string>(table.Metadata, StringComparer.Ordinal), rows);
    }

    /// <summary>Writes a table, whole or not at all. The same input gives the same bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="metadata">Metadata; <see cref="FormatKey"/> is added.</param>
    /// <param name="rows">The rows, in any order; they are written by clip id.</param>
    /// <returns>The SHA-256 of the file's bytes, lowercase hex.</returns>
    /// <exception cref="ArgumentException">A clip is there twice, or a value can't be.</exception>
    /// <exception cref="FileWriteException">The file can't be written.</exception>
    public static string Write(string path, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<PseudoLabel> rows)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(rows);
        var k = metadata.TryGetValue(ClustersKey, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : int.MaxValue;
        var sorted = rows.OrderBy(r => r.Clip, StringComparer.Ordinal).ToArray();
        for (var i = 0; i < sorted.Length; i++)
        {
            if (Problem(sorted[i], i == 0 ? null : sorted[i - 1], k) is var (_, problem))
            {
                throw new ArgumentException($"The pseudo-label of clip '{sorted[i].Clip}': {problem}.", nameof(rows));
            }
        }

        var hash = "";
        AtomicFile.Write(path, stream =>
        {
            Write(stream, metadata, sorted);
            stream.Position = 0;
            hash = Convert.ToHexStringLower(SHA256.HashData(stream));
        });
        return hash;
    }

    private static void Write(Stream stream, IReadOnlyDictionary<string, string> metadata, PseudoLabel[] rows)
    {
        var schema = new ParquetSchema(Clip, Video, Number, Start, Part, Cluster, Distance);
        var keys = new SortedDictionary<string, string>(metadata.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal) { [FormatKey] = Format };
        WriteAsync().GetAwaiter().GetResult();

        async Task WriteAsync()
        {
            await using var writer = await ParquetWriter.CreateAsync(schema, stream, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy });
            writer.CustomMetadata = keys.ToDictionary(StringComparer.Ordinal);
            foreach (var chunk in rows.Chunk(RowsPerGroup))
            {
                using var group = writer.CreateRowGroup();
                await group.WriteAsync(Clip, Array.ConvertAll(chunk, r => r.Clip));
                await group.WriteAsync(Video, Array.ConvertAll(chunk, r => r.Video));
                await group.WriteAsync<int>(Number, Array.ConvertAll(chunk, r => r.Number));
                await group.WriteAsync<double>(Start, Array.ConvertAll(chunk, r => r.Start));
                await group.WriteAsync(Part, Array.ConvertAll(chunk, r => r.Part));
                await group.WriteAsync<int>(Cluster, Array.ConvertAll(chunk, r => r.Cluster));
                await group.WriteAsync<float>(Distance, Array.ConvertAll(chunk, r => r.Distance));
                group.CompleteValidate();
            }
        }
    }

    private static DataField Require(ParquetTable table, DataField wanted)
    {
        var field = table.Find(wanted.Name) ?? throw new TableException($"'{table.Path}' is damaged: it has no column '{wanted.Name}'.");
        return ParquetTable.Holds(field, wanted.ClrType)
            ? field
            : throw new TableException($"'{table.Path}' is damaged: its column '{wanted.Name}' holds {ParquetTable.TypeName(field.ClrType)}, not {ParquetTable.TypeName(wanted.ClrType)}.");
    }

    /// <summary>The number of the column that can't be, and why; null where all is well.</summary>
    private static (int Column, string Problem)? Problem(PseudoLabel row, PseudoLabel? before, int k) => row switch
    {
        { Clip: null or "" } => (0, "the clip has no id"),
        _ when before is not null && string.CompareOrdinal(before.Clip, row.Clip) >= 0 => (0, $"clip '{row.Clip}' comes twice, or after a later one"),
        { Number: < 0 } => (2, $"the clip's number is {row.Number}"),
        _ when !double.IsFinite(row.Start) => (3, "the start is no number of seconds"),
        { Part: not (Training or Validation) } => (4, $"the part is '{row.Part}', neither '{Training}' nor '{Validation}'"),
        _ when row.Cluster < 0 || row.Cluster >= k => (5, $"cluster {row.Cluster} is not one of {k}"),
        _ when !(row.Distance >= 0) || !float.IsFinite(row.Distance) => (6, $"the distance is {row.Distance.ToString(CultureInfo.InvariantCulture)}"),
        _ => null,
    };
}
