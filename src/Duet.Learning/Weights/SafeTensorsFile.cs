using static TorchSharp.torch;

namespace Duet.Learning.Weights;

/// <summary>An open safetensors file.</summary>
internal sealed class SafeTensorsFile : IWeightsFile
{
    private readonly Stream stream;
    private readonly SafeTensorsHeader header;
    private readonly Dictionary<string, TensorEntry> entries;

    public SafeTensorsFile(Stream stream, string source)
    {
        this.stream = stream;
        Source = source;
        header = SafeTensorsHeader.Read(stream, source);
        entries = header.Tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
        Tensors = [.. header.Tensors.Select(t => new StoredTensor(t.Name, t.Type, t.Shape))];
        Values = [.. header.Metadata.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => new StoredValue(m.Key, m.Value))];
    }

    /// <inheritdoc/>
    public string Source { get; }

    /// <inheritdoc/>
    public string Format => "safetensors";

    /// <inheritdoc/>
    public IReadOnlyList<StoredTensor> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyList<StoredValue> Values { get; }

    /// <inheritdoc/>
    public int ValueCount => Values.Count;

    /// <inheritdoc/>
    public Tensor Read(StoredTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var entry = entries[tensor.Name];
        stream.Position = header.DataOffset + entry.Start;
        return SafeTensors.Guarded(Source, () => SafeTensors.ReadTensor(stream, Source, entry));
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();
}
