namespace Duet.Learning.Weights.PyTorch;

/// <summary>The storages that a pickle refers to, by key.</summary>
/// <param name="source">What to call the file in errors.</param>
internal sealed class StorageTable(string source)
{
    private readonly Dictionary<string, PickleStorage> byKey = new(StringComparer.Ordinal);

    /// <summary>The storages, in the order in which they were first referred to.</summary>
    public IReadOnlyCollection<PickleStorage> All => byKey.Values;

    /// <summary>The storage of a key, or null.</summary>
    public PickleStorage? Find(string key) => byKey.GetValueOrDefault(key);

    /// <summary>Takes a reference: <c>("storage", type, key, location, elements)</c>, and in the older format a view, which must be none.</summary>
    /// <exception cref="WeightsException">It is something else, or contradicts an earlier one.</exception>
    public PickleStorage Add(object? reference)
    {
        if (reference is not PickleTuple { Items: ["storage", KnownName { Storage: { } type }, string key, string or null, long elements and >= 0, .. var rest] }
            || rest is not ([] or [null]) || elements > long.MaxValue / ElementTypes.Size(type))
        {
            throw PyTorchFormat.Refused(source, "its pickle refers to numbers in a way that torch.save does not");
        }

        var storage = new PickleStorage(key, type, elements);
        if (!byKey.TryAdd(key, storage) && byKey[key] != storage)
        {
            throw PyTorchFormat.Broken(source, $"its storage '{SafeTensorsHeader.Shown(key)}' is described in two ways");
        }

        return byKey[key];
    }
}
