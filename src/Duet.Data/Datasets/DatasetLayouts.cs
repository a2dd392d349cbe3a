using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>Finds the files of a source, by its own layout where it has one.</summary>
internal static class DatasetLayouts
{
    /// <summary>How many missing files are named: the lists of whole YouTube corpora have millions of lines, of which anybody has a part.</summary>
    private const int MostNamed = 10_000;

    private static readonly IDatasetLayout[] Known =
    [
        new Esc50Layout(esc10: false), new Esc50Layout(esc10: true), new Ucf101Layout(), new Hmdb51Layout(), new AudioSetLayout(), new VggSoundLayout(), new KineticsLayout(), new DcaseScenesLayout(),
    ];

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
                var found = Directory.Exists(source) ? Array.Find(Known, known => known.IsAt(source)) : null;
                return found is null ? SourceList.Find(source, store, labels, streams ?? StoreStreams.Both) : Read(found, source, store);

            case DatasetLayout.Folder when !Directory.Exists(source):
                throw new UsageException($"--layout folder: there is no folder '{source}'.");

            case DatasetLayout.List when !SourceList.IsList(source) || !File.Exists(source):
                throw new UsageException($"--layout list: '{source}' is no list. A list is a .txt with a path per line, or a .csv with the header path,label,split.");

            case DatasetLayout.Folder or DatasetLayout.List:
                return SourceList.Find(source, store, labels, streams ?? StoreStreams.Both);

            default:
                var named = Array.Find(Known, known => known.Layout == layout) ?? throw new ArgumentOutOfRangeException(nameof(layout));
                return Directory.Exists(source) && named.IsAt(source)
                    ? Read(named, source, store)
                    : throw new UsageException($"--layout {layout.ToString().ToLowerInvariant()}: '{source}' does not have it. Name {named.Wanted}.");
        }
    }

    private static SourceList Read(IDatasetLayout layout, string source, string store)
    {
        var root = Path.GetFullPath(source);
        var media = MediaFiles.In(root, layout.MediaFolders, store);
        var (files, skipped, missing, unnamed) = (new List<SourceFile>(), new List<QuarantinedSource>(), 0, 0);
        skipped.AddRange(media.Unreadable.Select(static folder => new QuarantinedSource(folder, QuarantineReason.Unreadable, "the folder can't be read")));
        var claims = new Dictionary<string, ListedFile>(StringComparer.Ordinal);
        foreach (var file in layout.Read(root, media))
        {
            if (file.Path is null)
            {
                missing++;
                Skip(file, $"line {file.Line} of {file.List} names it, but it is not there");
            }
            else if (claims.TryAdd(file.Path, file))
            {
                files.Add(new SourceFile(Path.Combine(root, file.Path), file.Path, file.Label, file.Split));
            }
            else
            {
                var before = claims[file.Path];
                if (!string.Equals(before.Name, file.Name, StringComparison.Ordinal))
                {
                    Skip(file, $"line {file.Line} of {file.List} names a part of {file.Path}, which is taken for line {before.Line} of {before.List} already");
                }
                else if (!string.Equals(before.Label, file.Label, StringComparison.Ordinal) || !string.Equals(before.Split, file.Split, StringComparison.Ordinal))
                {
                    var where = string.Equals(before.List, file.List, StringComparison.Ordinal) ? "" : $" of {before.List}";
                    throw ListFile.Wrong(root, file.List, file.Line, $"it names {file.Name} again, after line {before.Line}{where}, with another label or split. Remove one of the two");
                }
            }
        }

        if (files.Count == 0)
        {
            throw new UsageException($"None of the {missing} files of {layout.Description} is in '{root}'. Name {layout.Wanted}, and unpack the data set whole.");
        }

        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new SourceList
        {
            Layout = layout.Description,
            NaturalStreams = files.TrueForAll(static f => SourceList.IsSound(f.Path)) ? StoreStreams.Audio : layout.Streams,
            NaturalLimits = layout.Limits,
            Files = files,
            Skipped = skipped,
            Missing = missing,
            Unnamed = unnamed,
            Unlisted = [.. media.Paths.Where(path => !claims.ContainsKey(path))],
            OtherFiles = media.Others,
        };

        void Skip(ListedFile file, string why)
        {
            if (skipped.Count < MostNamed)
            {
                skipped.Add(new QuarantinedSource(file.Name, QuarantineReason.Unreadable, why));
            }
            else
            {
                unnamed++;
            }
        }
    }
}
