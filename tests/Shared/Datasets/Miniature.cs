namespace Duet.Tests.Shared.Datasets;

/// <summary>A small tree as a data set's authors distribute it, and what must come out of it.</summary>
internal sealed class Miniature
{
    /// <summary>Files that the lists name and that can be read: path relative to the root, label and split as the catalog must have them.</summary>
    public SortedDictionary<string, (string? Label, string? Split)> Expected { get; } = new(StringComparer.Ordinal);

    /// <summary>Files that the lists name and that are not there, as the lists name them.</summary>
    public List<string> Missing { get; } = [];

    /// <summary>Files that the lists name and that hold no media: path relative to the root.</summary>
    public List<string> Broken { get; } = [];

    /// <summary>Media that no list names: path relative to the root.</summary>
    public List<string> Unlisted { get; } = [];
}

/// <summary>How a miniature is made.</summary>
/// <param name="Playable">Real media, by ffmpeg; empty files where false.</param>
/// <param name="Damaged">With missing, broken and unlisted files.</param>
/// <param name="Seconds">Length of each medium.</param>
internal sealed record MiniatureOptions(bool Playable = false, bool Damaged = true, double Seconds = 1.2);
