using System.Globalization;

namespace Duet.Data.Tables;

/// <summary>A table of features in several files of one folder: <c>part-00000.parquet</c> and on, each complete in itself, which say how many they are.</summary>
public static class FeatureParts
{
    /// <summary>The key of the metadata that says which part a file is, from 0.</summary>
    public const string PartKey = "duet.part";

    /// <summary>The key of the metadata that says how many parts there are.</summary>
    public const string PartsKey = "duet.parts";

    /// <summary>The ending of tables.</summary>
    public const string Extension = ".parquet";

    /// <summary>A part's file name.</summary>
    /// <param name="part">Which, from 0.</param>
    public static string FileName(int part) => string.Create(CultureInfo.InvariantCulture, $"part-{part:00000}{Extension}");

    /// <summary>Whether a name is one of <see cref="FileName"/>.</summary>
    /// <param name="name">A file's name.</param>
    public static bool IsPart(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith("part-", StringComparison.Ordinal) && name.EndsWith(Extension, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(5, name.Length - 5 - Extension.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var part)
            && name == FileName(part);
    }

    /// <summary>The files of a table: itself, or all that a folder has, in the order of their names.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <exception cref="TableException">The folder holds no table, or can't be read.</exception>
    public static IReadOnlyList<string> FilesOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path))
        {
            return [path];
        }

        try
        {
            string[] files = [.. Directory.GetFiles(path, "*" + Extension).Where(f => !Path.GetFileName(f).StartsWith('.')).Order(StringComparer.Ordinal)];
            return files.Length > 0 ? files : throw new TableException($"The folder '{path}' holds no {Extension} file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TableException($"The folder '{path}' can't be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>Checks that a folder's files are all parts of one table and none is missing. Files that don't say that they are parts pass.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="files">Its files, and their metadata.</param>
    /// <exception cref="TableException">A part is missing, or one is of another table.</exception>
    public static void CheckWhole(string path, IReadOnlyList<(string File, IReadOnlyDictionary<string, string> Metadata)> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (!files.Any(f => f.Metadata.ContainsKey(PartsKey)))
        {
            return;
        }

        var parts = new SortedSet<int>();
        var count = -1;
        foreach (var (file, metadata) in files)
        {
            if (!Number(metadata, PartKey, out var part) || !Number(metadata, PartsKey, out var of) || part >= of || (count >= 0 && of != count) || !parts.Add(part))
            {
                throw new TableException($"'{path}' holds parts of several tables: '{Path.GetFileName(file)}' does not belong to the others. Keep each table in a folder of its own.");
            }

            count = of;
        }

        if (parts.Count < count)
        {
            var missing = Enumerable.Range(0, count).First(p => !parts.Contains(p));
            throw new TableException(string.Create(
                CultureInfo.InvariantCulture, $"'{path}' is not complete: {count - parts.Count} of {count} parts are missing, the first is {FileName(missing)}. Run 'duet extract' again; it goes on where it stopped."));
        }
    }

    private static bool Number(IReadOnlyDictionary<string, string> metadata, string key, out int value)
    {
        value = 0;
        return metadata.TryGetValue(key, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }
}
