using System.Text.Json;

namespace Duet.Reports.Input;

/// <summary>A <c>demo</c> result: the whole way in one file.</summary>
internal sealed record DemoResult
{
    public long? Seed { get; init; }
    public IReadOnlyDictionary<string, double?>? Seconds { get; init; }
    public JsonElement? Store { get; init; }
    public JsonElement? Training { get; init; }
    public SyncResult? Sync { get; init; }
    public ProbeResult? Probe { get; init; }
}
