using Duet.Data.Store;

namespace Duet.Data.Datasets;

/// <summary>A data set's folder as its authors distribute it, or as its users customarily have it.</summary>
internal interface IDatasetLayout
{
    /// <summary>Which one it is.</summary>
    DatasetLayout Layout { get; }

    /// <summary>What it is, for people: its name, and where labels and splits come from.</summary>
    string Description { get; }

    /// <summary>What its files have.</summary>
    StoreStreams Streams { get; }

    /// <summary>What is quarantined where the user does not say. For a benchmark only what can't be decoded: its protocol counts the rest. Null for the standard limits.</summary>
    QualityLimits? Limits => new() { MinSeconds = 0, Silent = 2, Still = 2 };

    /// <summary>What a folder must hold to have this layout, for people.</summary>
    string Wanted { get; }

    /// <summary>Where the media lie, relative to the folder: media here that no list names are counted. Empty for everywhere.</summary>
    IReadOnlyList<string> MediaFolders => [];

    /// <summary>Whether a folder has this layout.</summary>
    /// <param name="root">The folder.</param>
    bool IsAt(string root);

    /// <summary>Reads the lists and finds what they name.</summary>
    /// <param name="root">The data set's folder.</param>
    /// <param name="media">What lies in it.</param>
    /// <returns>The files that the lists name, in their order.</returns>
    /// <exception cref="UsageException">A list is not what it should be.</exception>
    IEnumerable<ListedFile> Read(string root, MediaFiles media);
}

/// <summary>A file that a data set's list names.</summary>
/// <param name="List">The list's path, relative to the data set's folder.</param>
/// <param name="Line">The line.</param>
/// <param name="Name">The file as the list names it.</param>
/// <param name="Path">Where it is, relative to the data set's folder; null where it is not there.</param>
/// <param name="Label">Its label.</param>
/// <param name="Split">Its split.</param>
internal sealed record ListedFile(string List, int Line, string Name, string? Path, string? Label, string? Split);
