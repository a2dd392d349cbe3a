namespace Duet.Data.Store;

/// <summary>Keeps the frame tables that were used last, up to a bound in bytes. Thread-safe.</summary>
/// <param name="capacity">Bytes that all tables together may take.</param>
internal sealed class FrameTableCache(long capacity)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Id, long[] Table)>> nodes = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Id, long[] Table)> recent = new();
    private long bytes;

    public long[] Get(string id, Func<long[]> load)
    {
        lock (gate)
        {
            if (nodes.TryGetValue(id, out var known))
            {
                recent.Remove(known);
                recent.AddFirst(known);
                return known.Value.Table;
            }
        }

        // Outside the lock: two workers may load the same table once each, but none waits for another's disk.
        var table = load();
        lock (gate)
        {
            if (!nodes.ContainsKey(id))
            {
                nodes.Add(id, recent.AddFirst((id, table)));
                bytes += Size(table);
                while (bytes > capacity && recent.Last is { } last && recent.Count > 1)
                {
                    recent.RemoveLast();
                    nodes.Remove(last.Value.Id);
                    bytes -= Size(last.Value.Table);
                }
            }
        }

        return table;
    }

    private static long Size(long[] table) => (8L * table.Length) + 200;
}
