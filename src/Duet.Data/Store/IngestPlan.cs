namespace Duet.Data.Store;

/// <summary>A file that has to be looked at.</summary>
/// <param name="Source">The file.</param>
/// <param name="Number">Its number in the catalog; of two files with the same content the one with the lower number is used.</param>
internal sealed record PlannedFile(SourceFile Source, long Number);

/// <summary>What one ingest has to do.</summary>
internal sealed class IngestPlan
{
    private IngestPlan()
    {
    }

    /// <summary>Every file that the source names.</summary>
    public required IReadOnlyList<SourceFile> All { get; init; }

    /// <summary>The files to look at.</summary>
    public required IReadOnlyList<PlannedFile> ToDo { get; init; }

    /// <summary>Contents that need not be converted again.</summary>
    public required IReadOnlySet<string> KnownContents { get; init; }

    /// <summary>Compares the source with the catalog; judges known videos by the limits and takes over changed labels.</summary>
    public static IngestPlan Make(CatalogWriter catalog, IReadOnlyList<SourceFile> files, QualityLimits limits)
    {
        var contents = catalog.Contents();
        var again = catalog.Rejudge(contents.Values, limits);
        var known = catalog.Sources();
        var toDo = new List<PlannedFile>();
        var labels = new List<(long Number, string? Label, string? Split)>();
        var next = catalog.NextNumber();
        foreach (var file in files)
        {
            var before = known.GetValueOrDefault(file.FullPath);
            if (before is { Id: { } id } && !again.Contains(id) && contents.ContainsKey(id) && FileStamp.TryOf(file.FullPath) == new FileStamp(before.Size, before.Modified))
            {
                // A call that names no labels does not take away those of an earlier one.
                var (label, split) = (file.Label ?? before.Label, file.Split ?? before.Split);
                if (!string.Equals(before.Label, label, StringComparison.Ordinal) || !string.Equals(before.Split, split, StringComparison.Ordinal))
                {
                    labels.Add((before.Number, label, split));
                }
            }
            else
            {
                toDo.Add(new PlannedFile(file, before?.Number ?? next++));
            }
        }

        catalog.Relabel(labels);
        return new IngestPlan
        {
            All = files,
            ToDo = toDo,
            KnownContents = contents.Keys.Where(id => !again.Contains(id)).ToHashSet(StringComparer.Ordinal),
        };
    }
}
