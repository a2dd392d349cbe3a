using System.Buffers.Binary;
using Duet.Data.Files;
using Parquet;
using Parquet.Schema;

namespace Duet.Data.Tables;

/// <summary>
/// A Parquet file that is open for reading. The library under it was not written for hostile files: what a file claims is
/// checked before anything is allocated for it, and whatever the library throws over the rest becomes a <see cref="TableException"/>
/// that names the file, the row group and the column.
/// </summary>
internal sealed class ParquetTable : IDisposable
{
    /// <summary>Values of one column in one row group. Three ints per value are in memory while a list is read.</summary>
    private const long MostValues = 1L << 27;

    /// <summary>A row has an id of its own, of which compression leaves something.</summary>
    private const long MostRowsPerByte = 64;

    /// <summary>The footer: schema, row groups, statistics.</summary>
    private const int MostFooterBytes = 64 << 20;

    private static readonly uint Magic = BinaryPrimitives.ReadUInt32LittleEndian("PAR1"u8);

    private readonly FileStream stream;
    private readonly ParquetReader reader;
    private readonly DataField[] fields;

    private ParquetTable(string path, FileStream stream)
    {
        Path = path;
        this.stream = stream;
        reader = Guard(path, "its footer is damaged", () => ParquetReader.CreateAsync(stream, leaveStreamOpen: true).GetAwaiter().GetResult());
        fields = Guard(path, "its schema is damaged", () => reader.Schema.GetDataFields());
    }

    /// <summary>As the caller named it, for messages.</summary>
    public string Path { get; }

    /// <summary>The file's key-value metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => reader.CustomMetadata;

    /// <summary>Row groups.</summary>
    public int Groups => reader.RowGroupCount;

    /// <summary>The columns' names.</summary>
    public IEnumerable<string> Columns => fields.Select(f => f.Path.FirstPart ?? f.Name).Distinct(StringComparer.Ordinal);

    /// <summary>Opens a file and checks what its footer claims.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="TableException">It is missing, or no Parquet file, or damaged.</exception>
    public static ParquetTable Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileStream file;
        try
        {
            file = RegularFile.OpenRead(path, bufferSize: 1 << 16);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TableException($"There is no file '{path}'.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new TableException($"'{path}' can't be read: {e.Message}", e);
        }

        try
        {
            CheckEnds(path, file);
            return new ParquetTable(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A column, or null where there is none of that name.</summary>
    /// <param name="name">Its name; a list is found by the list's name.</param>
    public DataField? Find(string name) => Array.Find(fields, f => f.Path.FirstPart == name);

    /// <summary>Whether a column holds one text, or one number of the type, per row. The library calls a text's type a memory of characters.</summary>
    public static bool Holds(DataField field, Type type) =>
        field.MaxRepetitionLevel == 0 && Plain(field.ClrType) == Plain(type);

    /// <summary>The name of what a column holds, for messages.</summary>
    public static string TypeName(Type type) => Plain(type) == typeof(string) ? "texts" : $"{Plain(type).Name} values";

    /// <summary>Rows of a row group.</summary>
    /// <exception cref="TableException">It claims an impossible number.</exception>
    public int RowsOf(int group)
    {
        using var rows = OpenGroup(group);
        return rows.RowCount is >= 0 and <= MostValues && rows.RowCount <= MostRowsPerByte * stream.Length
            ? (int)rows.RowCount
            : throw Damaged(group, null, $"it claims {rows.RowCount} rows");
    }

    /// <summary>Reads a column of texts; none may be missing.</summary>
    public string[] Texts(int group, DataField field) => Read(group, field, (rows, count) =>
    {
        var values = new string?[count];
        rows.ReadAsync(field, values).AsTask().GetAwaiter().GetResult();
        return Array.ConvertAll(values, v => v ?? throw Damaged(group, field, "a value is missing"));
    });

    /// <summary>Reads a column of numbers; none may be missing.</summary>
    public T[] Numbers<T>(int group, DataField field)
        where T : struct => Read(group, field, (rows, count) =>
    {
        if (!field.IsNullable)
        {
            var values = new T[count];
            rows.ReadAsync<T>(field, values.AsMemory()).AsTask().GetAwaiter().GetResult();
            return values;
        }

        var optional = new T?[count];
        rows.ReadAsync<T>(field, optional.AsMemory()).AsTask().GetAwaiter().GetResult();
        return Array.ConvertAll(optional, v => v ?? throw Damaged(group, field, "a value is missing"));
    });

    /// <summary>Reads a column of lists that must all have the same length, without missing lists or values.</summary>
    /// <param name="group">The row group.</param>
    /// <param name="field">The lists' values.</param>
    /// <param name="memory">Memory to use again: a million rows pass through here, and garbage of their size would wait for a collection.</param>
    /// <returns>The values of all lists, row by row, in that memory, and their length.</returns>
    public (ReadOnlyMemory<T> Values, int Length) Lists<T>(int group, DataField field, ListMemory<T> memory)
        where T : struct => Read(group, field, (rows, count) =>
    {
        var total = (int)rows.GetMetadata(field)!.MetaData!.NumValues;
        memory.Reserve(total);
        var (values, defined, repeated) = (memory.Values.AsMemory(0, total), memory.Defined, memory.Repeated);
        rows.ReadRawAsync(field, values, defined.AsMemory(0, total), repeated.AsMemory(0, total)).AsTask().GetAwaiter().GetResult();
        var (row, at, length) = (-1, 0, 0);
        for (var i = 0; i < total; i++)
        {
            if (repeated[i] == 0)
            {
                CheckLength(row, at);
                (row, at) = (row + 1, 0);
            }

            if (defined[i] != field.MaxDefinitionLevel)
            {
                throw Damaged(group, field, $"row {row}: the list, or a value of it, is missing");
            }

            at++;
        }

        CheckLength(row, at);
        return row + 1 == count ? ((ReadOnlyMemory<T>)values, length) : throw Damaged(group, field, $"it has {row + 1} lists in {count} rows");

        void CheckLength(int ended, int found)
        {
            length = length == 0 ? found : length;
            if (ended >= 0 && found != length)
            {
                throw Damaged(group, field, $"row {ended} has {found} values, where the rows before have {length}: all must have the same number");
            }
        }
    });

    /// <summary>The error of a value that can't be.</summary>
    public TableException Damaged(int group, DataField? field, string what) => new(
        field is null ? $"'{Path}', row group {group}: {what}." : $"'{Path}', row group {group}, column '{field.Path.FirstPart}': {what}.");

    /// <inheritdoc/>
    public void Dispose()
    {
        reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        stream.Dispose();
    }

    private T Read<T>(int group, DataField field, Func<ParquetRowGroupReader, int, T> read)
    {
        var count = RowsOf(group);
        using var rows = OpenGroup(group);
        var chunk = rows.GetMetadata(field)?.MetaData ?? throw Damaged(group, field, "the row group does not have it");
        var most = field.MaxRepetitionLevel == 0 ? count : MostValues;
        if (chunk.NumValues < 0 || chunk.NumValues > most)
        {
            throw Damaged(group, field, field.MaxRepetitionLevel == 0
                ? $"it has {chunk.NumValues} values in {count} rows"
                : $"it has {chunk.NumValues} values, more than the {MostValues} that are read at once; write the file with smaller row groups");
        }

        if (ParquetFence.Pages(stream, chunk) is { } problem)
        {
            throw Damaged(group, field, problem);
        }

        return Guard(Path, $"row group {group}, column '{field.Path.FirstPart}' is damaged", () => read(rows, count));
    }

    private static Type Plain(Type type) => type == typeof(ReadOnlyMemory<char>) ? typeof(string) : type;

    private ParquetRowGroupReader OpenGroup(int group) => Guard(Path, $"row group {group} is damaged", () => reader.OpenRowGroupReader(group));

    private static void CheckEnds(string path, FileStream stream)
    {
        Span<byte> end = stackalloc byte[8];
        Span<byte> start = stackalloc byte[4];
        if (stream.Length < 12)
        {
            throw new TableException($"'{path}' is no Parquet file: it has {stream.Length} bytes.");
        }

        stream.ReadExactly(start);
        stream.Seek(-8, SeekOrigin.End);
        stream.ReadExactly(end);
        stream.Seek(0, SeekOrigin.Begin);
        if (BinaryPrimitives.ReadUInt32LittleEndian(start) != Magic)
        {
            throw new TableException($"'{path}' is no Parquet file: it does not begin with PAR1.");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(end[4..]) != Magic)
        {
            throw new TableException($"'{path}' is cut short: it begins as a Parquet file but does not end as one. Write it again.");
        }

        var footer = BinaryPrimitives.ReadInt32LittleEndian(end);
        if (footer <= 0 || footer > MostFooterBytes || footer > stream.Length - 12)
        {
            throw new TableException($"'{path}' is damaged: its footer claims {footer} bytes.");
        }

        if (ParquetFence.Footer(stream, footer) is { } problem)
        {
            throw new TableException($"'{path}' can't be read: {problem}.");
        }
    }

    /// <summary>Runs the library; what it throws over a damaged file is of many types, and says little to a user.</summary>
    private static T Guard<T>(string path, string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not (DuetException or OperationCanceledException))
        {
            throw new TableException($"'{path}' can't be read: {what} ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}).", e);
        }
    }

    /// <summary>Values and levels of one row group's lists.</summary>
    internal sealed class ListMemory<T>
    {
        public T[] Values { get; private set; } = [];

        public int[] Defined { get; private set; } = [];

        public int[] Repeated { get; private set; } = [];

        /// <summary>Makes room.</summary>
        public void Reserve(int count)
        {
            if (Values.Length < count)
            {
                (Values, Defined, Repeated) = (new T[count], new int[count], new int[count]);
            }
        }
    }
}
