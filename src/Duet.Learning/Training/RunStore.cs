using Duet.Data.Clips;
using Duet.Data.Datasets;
using Duet.Data.Store;

namespace Duet.Learning.Training;

/// <summary>Which videos a run learned from, and which it never saw: <c>store.json</c>.</summary>
public sealed record RunStore
{
    /// <summary>The format's name and version.</summary>
    public string Format { get; init; } = "duet.run-store/1";

    /// <summary>The store's fingerprint.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Where the store was.</summary>
    public required string Path { get; init; }

    /// <summary>Ids of the videos to learn from.</summary>
    public required IReadOnlyList<string> Train { get; init; }

    /// <summary>Ids of the videos for validation.</summary>
    public required IReadOnlyList<string> Validation { get; init; }

    /// <summary>Ids of the videos for the test.</summary>
    public required IReadOnlyList<string> Test { get; init; }

    /// <summary>Describes a store and its parts.</summary>
    /// <param name="store">The store.</param>
    /// <param name="partition">Its parts.</param>
    internal static RunStore Of(RunSource store, Partition partition)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(partition);
        return new()
        {
            Fingerprint = store.Fingerprint,
            Path = store.Path,
            Train = [.. partition.Train.Select(v => v.Id)],
            Validation = [.. partition.Validation.Select(v => v.Id)],
            Test = [.. partition.Test.Select(v => v.Id)],
        };
    }
}

/// <summary>What a run learns from: a store, or memory in tests.</summary>
/// <param name="Clips">Reads frames and sound.</param>
/// <param name="Videos">The ready videos.</param>
/// <param name="Fingerprint">Which videos these are.</param>
/// <param name="Path">Where they are.</param>
/// <param name="SampleRate">Their sound's sample rate, Hz.</param>
internal sealed record RunSource(IClipStore Clips, IReadOnlyList<StoredVideo> Videos, string Fingerprint, string Path, int SampleRate);
