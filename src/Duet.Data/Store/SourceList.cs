using Duet.Data.Datasets;

namespace Duet.Data.Store;

/// <summary>One file to ingest.</summary>
/// <param name="FullPath">Where it is.</param>
/// <param name="Path">How the catalog names it: relative to the ingested folder, or as the list wrote it.</param>
/// <param name="Label">Its label.</param>
/// <param name="Split">Its split.</param>
internal sealed record SourceFile(string FullPath, string Path, string? Label, string? Split);

/// <summary>Finds what a SOURCE names: a folder tree, a list, or one file.</summary>
internal sealed class SourceList
{
    private static readonly HashSet<string> VideoExtensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".3g2", ".3gp", ".amv", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".gif", ".h264", ".h265", ".hevc", ".ivf", ".m1v", ".m2ts", ".m2v", ".m4v",
        ".mjpeg", ".mkv", ".mod", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mpv", ".mts", ".mxf", ".nut", ".obu", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".swf",
        ".ts", ".vob", ".webm", ".wmv", ".wtv", ".y4m",
    };

    private static readonly HashSet<string> SoundExtensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".aac", ".ac3", ".aif", ".aiff", ".amr", ".ape", ".au", ".caf", ".dts", ".eac3", ".flac", ".m4a", ".m4b", ".mka", ".mp2", ".mp3", ".mpc", ".oga", ".ogg", ".opus",
        ".ra", ".snd", ".tta", ".w64", ".wav", ".weba", ".wma", ".wv",
    };

    /// <summary>How the source was read, for people.</summary>
    public string Layout { get; init; } = "";

    /// <summary>What the source's layout says that its files have; null where it does not say.</summary>
    public StoreStreams? NaturalStreams { get; init; }

    /// <summary>What the source's layout quarantines; null where it does not say.</summary>
    public QualityLimits? NaturalLimits { get; init; }

    /// <summary>The files, ordered by path, each once.</summary>
    public List<SourceFile> Files { get; init; } = [];

    /// <summary>What could not be looked at.</summary>
    public List<QuarantinedSource> Skipped { get; init; } = [];

    /// <summary>How many files the lists of a data set name that are not there; the first of them are among <see cref="Skipped"/>.</summary>
    public int Missing { get; init; }

    /// <summary>How many files could not be looked at beside those of <see cref="Skipped"/>.</summary>
    public int Unnamed { get; init; }

    /// <summary>Media in the layout's folder that its lists do not name.</summary>
    public List<string> Unlisted { get; init; } = [];

    /// <summary>Links to folders, which are not followed: they may lead back.</summary>
    public List<string> LinkedFolders { get; } = [];

    /// <summary>Files that are no media by their extension.</summary>
    public SortedDictionary<string, int> OtherFiles { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Looks.</summary>
    /// <param name="source">What the user named.</param>
    /// <param name="store">The store's folder, in which nothing is looked for.</param>
    /// <param name="labels">Where labels come from.</param>
    /// <param name="streams">What the store's videos have: with sound alone, files of sound are looked at too.</param>
    /// <exception cref="UsageException">There is no such source, or nothing in it.</exception>
    public static SourceList Find(string source, string store, LabelSource labels, StoreStreams streams)
    {
        var list = new SourceList { Layout = Directory.Exists(source) ? "a folder" : IsList(source) ? "a list" : "one file" };
        if (Directory.Exists(source))
        {
            var withSound = streams is StoreStreams.Audio or StoreStreams.Any;
            list.Walk(Path.GetFullPath(source), Path.TrimEndingDirectorySeparator(Path.GetFullPath(store)), labels, withSound);
            if (list.Files.Count == 0 && list.Skipped.Count == 0)
            {
                var (sound, what) = (list.OtherFiles.Where(other => SoundExtensions.Contains(other.Key)).Sum(other => other.Value), withSound ? "video or sound" : "video");
                throw new UsageException($"There is no {what} in '{source}': " + (list.OtherFiles.Count == 0
                    ? "the folder is empty. Name a folder with videos, a list (.txt, .csv) or one video."
                    : sound > 0 ? $"{sound} of its files have an extension of sound. Take those with: --streams audio"
                    : $"none of its {list.OtherFiles.Values.Sum()} files has an extension of {what}. Name files of other extensions in a list (.txt, .csv)."));
            }
        }
        else if (!File.Exists(source))
        {
            throw new UsageException($"There is no '{source}'. SOURCE is a folder with videos, a list (.txt with a path per line, .csv with the header path,label,split) or one video.");
        }
        else
        {
            switch (Path.GetExtension(source).ToUpperInvariant())
            {
                case ".TXT":
                    list.Add(source, ReadLines(source).Select((line, i) => (i + 1, line, (string?)null, (string?)null)), labels);
                    break;
                case ".CSV":
                    list.Add(source, CsvList.Read(source, CsvTable.ReadText(source)), labels);
                    break;
                default:
                    list.Files.Add(new SourceFile(Path.GetFullPath(source), Path.GetFileName(source), labels == LabelSource.Folders ? Parent(source) : null, null));
                    break;
            }

            if (list.Files.Count == 0 && list.Skipped.Count == 0)
            {
                throw new UsageException($"The list '{source}' names no file.");
            }
        }

        list.Files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        list.LinkedFolders.Sort(StringComparer.Ordinal);
        return list;
    }

    /// <summary>Whether a path is a list's, by its extension.</summary>
    public static bool IsList(string path) => Path.GetExtension(path).ToUpperInvariant() is ".TXT" or ".CSV";

    /// <summary>Whether a file holds sound or pictures, by its extension.</summary>
    public static bool IsMedia(string path) => VideoExtensions.Contains(Path.GetExtension(path)) || IsSound(path);

    /// <summary>Whether a file holds sound alone, by its extension.</summary>
    public static bool IsSound(string path) => SoundExtensions.Contains(Path.GetExtension(path));

    private static string? Parent(string path) => Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)));

    private static IEnumerable<string> ReadLines(string path) => CsvTable.ReadText(path).Split('\n').Select(line => line.TrimEnd('\r'));

    private void Walk(string root, string store, LabelSource labels, bool withSound)
    {
        var folders = new Stack<string>([root]);
        while (folders.TryPop(out var folder))
        {
            if (string.Equals(folder, store, StringComparison.Ordinal))
            {
                continue; // a store inside of the source is not a source
            }

            try
            {
                var odd = new HashSet<string>(StringComparer.Ordinal);
                foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
                {
                    // One of .NET's names may stand for several on the disk, and one of those may be just that.
                    if (entry.Name.Contains(FileNames.Replacement, StringComparison.Ordinal) && (!odd.Add(entry.Name) || !entry.Exists))
                    {
                        continue;
                    }

                    var isFolder = entry.Attributes.HasFlag(FileAttributes.Directory);
                    if (!isFolder)
                    {
                        AddFile(root, entry.FullName, labels, withSound);
                    }
                    else if (entry.LinkTarget is null) // a linked folder may lead back here
                    {
                        folders.Push(entry.FullName);
                    }
                    else
                    {
                        LinkedFolders.Add(Path.GetRelativePath(root, entry.FullName));
                    }
                }

                if (odd.Count > 0)
                {
                    AddUnusable(Path.GetRelativePath(root, folder), FileNames.Unusable(folder), withSound);
                }
            }
            catch (Exception e) when (e is UnauthorizedAccessException or IOException)
            {
                Skipped.Add(new QuarantinedSource(Path.GetRelativePath(root, folder), QuarantineReason.Unreadable, "the folder can't be read"));
            }
        }
    }

    /// <summary>Names that are not UTF-8: media and folders are listed as what they are, unreadable; other files are counted as others are.</summary>
    private void AddUnusable(string folder, IEnumerable<(string Shown, string Advice)> names, bool withSound)
    {
        foreach (var (shown, advice) in names)
        {
            if (Path.GetExtension(shown) is not { Length: > 0 } extension || VideoExtensions.Contains(extension) || (withSound && SoundExtensions.Contains(extension)))
            {
                Skipped.Add(new QuarantinedSource(folder == "." ? shown : Path.Combine(folder, shown), QuarantineReason.Unreadable, advice));
            }
            else
            {
                CountOther(extension);
            }
        }
    }

    private void CountOther(string extension)
    {
        var key = extension.Length == 0 ? "(none)" : extension.ToLowerInvariant();
        OtherFiles[key] = OtherFiles.GetValueOrDefault(key) + 1;
    }

    private void AddFile(string root, string path, LabelSource labels, bool withSound)
    {
        var extension = Path.GetExtension(path);
        if (!VideoExtensions.Contains(extension) && !(withSound && SoundExtensions.Contains(extension)))
        {
            CountOther(extension);
            return;
        }

        var relative = Path.GetRelativePath(root, path);
        Files.Add(labels == LabelSource.Folders ? new SourceFile(path, relative, Parent(path), PartIn(relative)) : new SourceFile(path, relative, null, null));
    }

    /// <summary>The split of <c>train/cat/1.mp4</c>: class folders are often kept apart by part.</summary>
    private static string? PartIn(string path) => path.Split(Path.DirectorySeparatorChar) is [var part, _, _, ..] && Divisions.PartOf(part) is not null ? part.ToLowerInvariant() : null;

    private void Add(string list, IEnumerable<(int Line, string Path, string? Label, string? Split)> entries, LabelSource labels)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(list))!;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (line, path, label, split) in entries)
        {
            if (path.Length == 0)
            {
                continue;
            }

            if (path.Contains('\0', StringComparison.Ordinal))
            {
                throw new UsageException($"Line {line} of '{list}' is no path: it has a zero byte.");
            }

            var full = Path.GetFullPath(path, folder);
            if (!seen.Add(full))
            {
                continue; // the same file named twice is one file
            }

            if (File.Exists(full))
            {
                Files.Add(new SourceFile(full, path, label ?? (labels == LabelSource.Folders ? Parent(full) : null), split));
            }
            else
            {
                Skipped.Add(new QuarantinedSource(path, QuarantineReason.Unreadable, $"line {line} of the list names no file"
                    + (path.Contains(FileNames.Replacement, StringComparison.Ordinal) ? ": the line is not UTF-8. Save the list as UTF-8; a file whose own name is not must be renamed" : "")));
            }
        }
    }
}
