using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>A data set's folder as its authors distribute it. An implementation reads lists and nothing else: whether files are there is looked up elsewhere.</summary>
internal interface IDatasetLayout
{
    /// <summary>Which one it is.</summary>
    DatasetLayout Layout { get; }

    /// <summary>What it is, for people: its name, and where labels and splits come from.</summary>
    string Description { get; }

    /// <summary>What its files have.</summary>
    StoreStreams Streams { get; }

    /// <summary>What is quarantined where the user does not say: what can't be decoded, but nothing that the data set's protocol counts.</summary>
    QualityLimits Limits => new() { MinSeconds = 0, Silent = 2, Still = 2 };

    /// <summary>The file by which a folder is known to have this layout, relative to the folder.</summary>
    string Sign { get; }

    /// <summary>Where the media lie, relative to the folder: files here that no list names are counted.</summary>
    string MediaFolder { get; }

    /// <summary>Reads the lists.</summary>
    /// <param name="root">The data set's folder.</param>
    /// <returns>The files that the lists name, in their order.</returns>
    /// <exception cref="UsageException">A list is not what it should be.</exception>
    IEnumerable<ListedFile> Read(string root);
}

/// <summary>A file that a data set's list names.</summary>
/// <param name="List">The list's path, relative to the data set's folder.</param>
/// <param name="Line">The line.</param>
/// <param name="Path">The file's path, relative to the data set's folder.</param>
/// <param name="Label">Its label.</param>
/// <param name="Split">Its split.</param>
internal sealed record ListedFile(string List, int Line, string Path, string? Label, string? Split);
