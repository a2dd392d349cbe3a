using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>Finds the files of a source, by its own layout where it has one.</summary>
internal static class DatasetLayouts
{
    private static readonly IDatasetLayout[] Known = [new Esc50Layout(esc10: false), new Esc50Layout(esc10: true)];

    /// <summary>Looks.</summary>
    /// <param name="source">What the user named.</param>
    /// <param name="store">The store's folder, in which nothing is looked for.</param>
    /// <param name="layout">How the source is laid out.</param>
    /// <param name="labels">Where labels come from where the layout has none.</param>
    /// <param name="streams">What the store's videos have, where that is decided; it decides which files of a folder are looked at.</param>
    /// <exception cref="UsageException">There is no such source, it has another layout, or there is nothing in it.</exception>
    public static SourceList Find(string source, string store, DatasetLayout layout, LabelSource labels, StoreStreams? streams)
    {
        switch (layout)
        {
            case DatasetLayout.Auto:
                var found = Array.Find(Known, known => File.Exists(Path.Combine(source, known.Sign)));
                return found is null ? SourceList.Find(source, store, labels, streams ?? StoreStreams.Both) : Read(found, source);

            case DatasetLayout.Folder when !Directory.Exists(source):
                throw new UsageException($"--layout folder: there is no folder '{source}'.");

            case DatasetLayout.List when !SourceList.IsList(source) || !File.Exists(source):
                throw new UsageException($"--layout list: '{source}' is no list. A list is a .txt with a path per line, or a .csv with the header path,label,split.");

            case DatasetLayout.Folder or DatasetLayout.List:
                return SourceList.Find(source, store, labels, streams ?? StoreStreams.Both);

            default:
                var named = Array.Find(Known, known => known.Layout == layout) ?? throw new ArgumentOutOfRangeException(nameof(layout));
                return File.Exists(Path.Combine(source, named.Sign))
                    ? Read(named, source)
                    : throw new UsageException($"--layout {layout.ToString().ToLowerInvariant()}: '{source}' has no {named.Sign}. Name the folder in which {named.Sign} and {named.MediaFolder} lie.");
        }
    }

    private static SourceList Read(IDatasetLayout layout, string source)
    {
        var root = Path.GetFullPath(source);
        var list = new SourceList { Layout = layout.Description, NaturalStreams = layout.Streams, NaturalLimits = layout.Limits };
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var file in layout.Read(root))
        {
            if (!seen.TryAdd(file.Path, file.Line))
            {
                throw new UsageException($"Line {file.Line} of '{Path.Combine(root, file.List)}' names {file.Path} again, after line {seen[file.Path]}. Remove one of the two.");
            }

            var full = Path.GetFullPath(file.Path, root);
            if (File.Exists(full))
            {
                list.Files.Add(new SourceFile(full, file.Path, file.Label, file.Split));
            }
            else
            {
                list.Skipped.Add(new QuarantinedSource(file.Path, QuarantineReason.Unreadable, $"line {file.Line} of {file.List} names it, but it is not there"));
            }
        }

        if (list.Files.Count == 0)
        {
            throw new UsageException($"None of the {list.Skipped.Count} files that '{Path.Combine(root, layout.Sign)}' names is in '{root}'. Unpack the data set whole.");
        }

        var media = Path.Combine(root, layout.MediaFolder);
        list.Unlisted.AddRange(Directory.EnumerateFiles(media, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
            .Select(path => Path.GetRelativePath(root, path))
            .Where(path => !seen.ContainsKey(path))
            .Order(StringComparer.Ordinal));
        list.Files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return list;
    }
}
