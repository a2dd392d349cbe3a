using System.Globalization;
using System.Text.Json;
using Duet.Data.Files;
using Duet.Data;
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

    /// <summary>The run that gave labels or first weights; null where none did.</summary>
    public string? From { get; init; }

    /// <summary>Ids of the videos that taught that run, or one before it: none of them can be a test of this one.</summary>
    public IReadOnlyList<string> TaughtBefore { get; init; } = [];

    /// <summary>Every video that took part in what the run knows.</summary>
    public HashSet<string> Taught() => [.. Train, .. TaughtBefore];

    /// <summary>How another store, divided by the same recipe, differs: in numbers of videos, or else in its settings.</summary>
    /// <param name="now">The other.</param>
    internal string DifferenceInWords(RunStore now)
    {
        ArgumentNullException.ThrowIfNull(now);
        HashSet<string> then = [.. Train, .. Validation, .. Test];
        HashSet<string> here = [.. now.Train, .. now.Validation, .. now.Test];
        var gone = then.Count(id => !here.Contains(id));
        var added = here.Count(id => !then.Contains(id));
        var what = then.Count == 0
            ? $"'{Path}' is not '{now.Path}'"
            : gone + added > 0 ? string.Create(CultureInfo.InvariantCulture, $"of its {then.Count} videos {gone} are not among the {here.Count} of '{now.Path}', which has {added} others")
            : string.Create(CultureInfo.InvariantCulture, $"its {then.Count} videos are those of '{now.Path}', which has them in other settings (frame rate, size, sample rate, quality), or more videos that take no part");
        return $"{what} ('{Path}' had the fingerprint {Short(Fingerprint)}, '{now.Path}' has {Short(now.Fingerprint)})";
    }

    /// <summary>A hash for people.</summary>
    internal static string Short(string hash) => hash[..Math.Min(12, hash.Length)];

    /// <summary>Reads a run's <c>store.json</c>.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="DuetException">It is missing or damaged.</exception>
    public static RunStore Read(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        try
        {
            using var stream = RegularFile.OpenRead(run.StoreFile);
            return JsonSerializer.Deserialize<RunStore>(stream, RunJson.File) is { Train: not null, TaughtBefore: not null } recorded
                ? recorded
                : throw new DuetException($"{run.StoreFile} does not say which videos the run learned from; without that nothing can be tested honestly.");
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            throw new DuetException($"{run.StoreFile} can't be read, and without it nobody knows which videos the run learned from: {e.Message.TrimEnd('.')}. Restore it from a copy of the run.", e);
        }
    }

    /// <summary>Describes a store and its parts.</summary>
    /// <param name="store">The store.</param>
    /// <param name="partition">Its parts.</param>
    /// <param name="from">The run that gives labels or first weights; null where none does.</param>
    internal static RunStore Of(RunSource store, Partition partition, RunFolder? from = null)
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
            From = from?.Path,
            TaughtBefore = from is null ? [] : [.. Read(from).Taught().Order(StringComparer.Ordinal)],
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
