using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Weights.PyTorch;

/// <summary>An open checkpoint of PyTorch's, in either of its formats. Nothing in it is run.</summary>
internal sealed class PyTorchFile : IWeightsFile
{
    private readonly Stream stream;
    private readonly CheckpointLayout layout;
    private readonly Dictionary<string, PickleTensor> tensors;

    private PyTorchFile(Stream stream, string source, string format, CheckpointLayout layout)
    {
        this.stream = stream;
        this.layout = layout;
        Source = source;
        Format = format;
        var tree = ObjectTree.Of(layout, source);
        tensors = tree.Tensors.ToDictionary(StringComparer.Ordinal);
        Tensors = [.. tree.Tensors.Select(t => new StoredTensor(t.Key, t.Value.Storage.Type, t.Value.Shape))];
        Values = tree.Values;
        ValueCount = tree.ValueCount;
    }

    /// <inheritdoc/>
    public string Source { get; }

    /// <inheritdoc/>
    public string Format { get; }

    /// <inheritdoc/>
    public IReadOnlyList<StoredTensor> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyList<StoredValue> Values { get; }

    /// <inheritdoc/>
    public int ValueCount { get; }

    /// <summary>Opens a ZIP checkpoint.</summary>
    public static PyTorchFile OpenZip(Stream stream, string source) => new(stream, source, "pytorch zip", ZipLayout.Read(stream, source));

    /// <summary>Opens a checkpoint of the older format.</summary>
    public static PyTorchFile OpenLegacy(Stream stream, string source) => new(stream, source, "pytorch legacy", LegacyLayout.Read(stream, source));

    /// <inheritdoc/>
    public Tensor Read(StoredTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        TorchRuntime.EnsureLoaded();
        return SafeTensors.Guarded(Source, () => ReadChecked(tensor));
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private Tensor ReadChecked(StoredTensor tensor)
    {
        var view = tensors[tensor.Name];
        var place = layout.Places[view.Storage.Key];
        var size = ElementTypes.Size(view.Storage.Type);
        using var scope = NewDisposeScope();

        // With a checksum the storage is read whole, or the checksum could not be known; without one, only the span that the view reaches.
        var (first, elements) = place.Crc is null ? (view.Offset, view.Extent) : (0, view.Storage.Elements);
        var flat = empty([elements], view.Storage.Type);
        stream.Position = place.Start + (first * size);
        TensorBytes.Fill(flat, stream);
        if (place.Crc is { } crc && TensorBytes.Checksum(flat) != crc)
        {
            throw PyTorchFormat.Broken(Source, $"the checksum of the storage of '{SafeTensorsHeader.Shown(tensor.Name)}' is wrong");
        }

        if (view.Storage.Type == ScalarType.Bool && !TensorBytes.AreBools(flat))
        {
            throw PyTorchFormat.Broken(Source, $"a bool of the tensor '{SafeTensorsHeader.Shown(tensor.Name)}' is neither 0 nor 1");
        }

        return (view.Extent == 0 ? empty(view.Shape, view.Storage.Type) : flat.as_strided(view.Shape, view.Strides, view.Offset - first).contiguous()).MoveToOuterDisposeScope();
    }
}
