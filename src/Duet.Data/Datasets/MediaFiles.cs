using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>
/// The media in a data set's folder, looked through once: lists are matched against what is there, so a path in a list never leads out of the folder.
/// </summary>
internal sealed class MediaFiles
{
    private readonly Dictionary<string, List<string>> byStem = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> all = new(StringComparer.Ordinal);
    private readonly List<string> paths = [];

    private MediaFiles()
    {
    }

    /// <summary>Paths relative to the data set's folder, in order.</summary>
    public IReadOnlyList<string> Paths => paths;

    /// <summary>Files that are neither media nor lists by their extension, counted.</summary>
    public SortedDictionary<string, int> Others { get; } = new(StringComparer.Ordinal);

    /// <summary>Folders that can't be read, relative to the data set's.</summary>
    public List<string> Unreadable { get; } = [];

    /// <summary>Looks.</summary>
    /// <param name="root">The data set's folder.</param>
    /// <param name="folders">Where in it media lie; empty for everywhere.</param>
    /// <param name="store">A store's folder, in which nothing is looked for.</param>
    public static MediaFiles In(string root, IReadOnlyList<string> folders, string store)
    {
        var media = new MediaFiles();
        var walk = new Stack<string>(folders.Count == 0 ? [root] : folders.Select(f => Path.Combine(root, f)).Where(Directory.Exists));
        var linked = new HashSet<string>(StringComparer.Ordinal);
        store = Path.TrimEndingDirectorySeparator(store);
        while (walk.TryPop(out var folder))
        {
            if (string.Equals(folder, store, StringComparison.Ordinal))
            {
                continue;
            }

            try
            {
                foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
                {
                    if (entry.Name.StartsWith('.'))
                    {
                        continue; // what some systems leave beside each file
                    }

                    if (!entry.Attributes.HasFlag(FileAttributes.Directory))
                    {
                        media.Add(Path.GetRelativePath(root, entry.FullName));
                    }
                    else if (entry.LinkTarget is null || IsNew(entry, folder, linked))
                    {
                        walk.Push(entry.FullName);
                    }
                }
            }
            catch (Exception e) when (e is UnauthorizedAccessException or IOException)
            {
                media.Unreadable.Add(Path.GetRelativePath(root, folder));
            }
        }

        media.paths.Sort(StringComparer.Ordinal);
        foreach (var path in media.paths)
        {
            var stem = Path.GetFileNameWithoutExtension(path);
            if (!media.byStem.TryGetValue(stem, out var same))
            {
                media.byStem.Add(stem, same = new List<string>(1));
            }

            same.Add(path);
        }

        return media;
    }

    /// <summary>The path itself where there is such a file.</summary>
    public string? At(string path) => all.Contains(path) ? path : null;

    /// <summary>
    /// Finds a listed file: its name as it is or with another extension or letter case (data sets are converted, and spell one class in two ways), in its
    /// class's folder, or where there is no other of that name in no class's folder.
    /// </summary>
    /// <param name="folder">The class's folder.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="folders">All classes' folders.</param>
    public string? Find(string folder, string name, IReadOnlySet<string> folders)
    {
        if (!byStem.TryGetValue(StemOf(name), out var same))
        {
            return null;
        }

        var found = same.Where(path => string.Equals(FolderOf(path), folder, StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(path => string.Equals(FolderOf(path), folder, StringComparison.Ordinal))
            .ThenByDescending(path => string.Equals(Path.GetFileName(path), name, StringComparison.Ordinal))
            .ThenByDescending(path => string.Equals(Path.GetFileName(path), name, StringComparison.OrdinalIgnoreCase))
            .ThenByDescending(path => string.Equals(Path.GetFileNameWithoutExtension(path), StemOf(name), StringComparison.Ordinal))
            .FirstOrDefault();
        return found ?? (same.Count == 1 && !folders.Contains(FolderOf(same[0])) ? same[0] : null);
    }

    /// <summary>A name without the extension of a medium: names may have dots in them.</summary>
    public static string StemOf(string name) => SourceList.IsMedia(name) ? Path.GetFileNameWithoutExtension(name) : name;

    /// <summary>The name of the folder that a path lies in; empty for none.</summary>
    public static string FolderOf(string path) => Path.GetFileName(Path.GetDirectoryName(path)) ?? "";

    /// <summary>Data sets are often linked from elsewhere; a link that leads back, or to where another one has led, is not followed.</summary>
    private static bool IsNew(FileSystemInfo entry, string folder, HashSet<string> linked) =>
        entry.ResolveLinkTarget(returnFinalTarget: true) is { } target
        && !(folder + Path.DirectorySeparatorChar).StartsWith(Path.TrimEndingDirectorySeparator(target.FullName) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
        && linked.Add(target.FullName);

    private void Add(string path)
    {
        if (SourceList.IsMedia(path))
        {
            paths.Add(path);
            all.Add(path);
            return;
        }

        var extension = Path.GetExtension(path).ToLowerInvariant();
        if (extension is not (".txt" or ".csv" or ".json" or ".md"))
        {
            var key = extension.Length == 0 ? "(none)" : extension;
            Others[key] = Others.GetValueOrDefault(key) + 1;
        }
    }
}
