using Duet.Data;
using Duet.Data.Files;
using Duet.Data.Tables;

namespace Duet.Learning.Extraction;

/// <summary>A file of features that knows whether it is already done.</summary>
internal interface IExtractFile
{
    /// <summary>Where it is, or will be.</summary>
    string Path { get; }

    /// <summary>Looks at what is there.</summary>
    /// <param name="settings">What its metadata must say.</param>
    /// <param name="deep">Whether all of its content is read and compared with its checksum.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="UsageException">There is a file that was made with other settings, or by something else.</exception>
    FoundFile Find(IReadOnlyDictionary<string, string> settings, bool deep, CancellationToken cancel);

    /// <summary>Writes it, whole or not at all.</summary>
    /// <param name="metadata">Its metadata: asked for after the last block.</param>
    /// <param name="blocks">Its rows.</param>
    /// <param name="cancel">Stops; nothing is written then.</param>
    /// <exception cref="FileWriteException">It can't be written.</exception>
    void Write(Func<IReadOnlyDictionary<string, string>> metadata, IEnumerable<FeatureBlock> blocks, CancellationToken cancel);
}

/// <summary>What is where a file should be.</summary>
/// <param name="State">Whether it can stay.</param>
/// <param name="Metadata">What it says of itself, where it is whole.</param>
internal sealed record FoundFile(FileState State, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Nothing.</summary>
    public static FoundFile None { get; } = new(FileState.Missing, new Dictionary<string, string>(StringComparer.Ordinal));

    /// <summary>Something that has to be written again.</summary>
    public static FoundFile Bad { get; } = new(FileState.Damaged, new Dictionary<string, string>(StringComparer.Ordinal));
}

/// <summary>Whether a file can stay.</summary>
internal enum FileState
{
    /// <summary>It is not there.</summary>
    Missing,

    /// <summary>It is there but can't be read, or is not what its checksum says.</summary>
    Damaged,

    /// <summary>It is there and whole.</summary>
    Whole,
}
