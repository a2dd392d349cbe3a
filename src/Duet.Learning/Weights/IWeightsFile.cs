using static TorchSharp.torch;

namespace Duet.Learning.Weights;

/// <summary>A tensor of a file, which may not have been read.</summary>
/// <param name="Name">Its name; in a nested object the keys that lead to it, with points between.</param>
/// <param name="Type">Its elements' type.</param>
/// <param name="Shape">Its shape; empty for a scalar.</param>
public sealed record StoredTensor(string Name, ScalarType Type, IReadOnlyList<long> Shape)
{
    /// <summary>How many numbers it has.</summary>
    public long Elements => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>The bytes that they take.</summary>
    public long Bytes => Elements * ElementTypes.Size(Type);
}

/// <summary>Something in a file that is no tensor.</summary>
/// <param name="Name">The keys that lead to it, with points between.</param>
/// <param name="Value">What it is, shortly.</param>
public sealed record StoredValue(string Name, string Value);

/// <summary>An open file of weights, of whatever format: a list of its tensors, each read when it is asked for.</summary>
public interface IWeightsFile : IDisposable
{
    /// <summary>What to call it: its path.</summary>
    string Source { get; }

    /// <summary><c>safetensors</c>, <c>pytorch zip</c> or <c>pytorch legacy</c>.</summary>
    string Format { get; }

    /// <summary>Its tensors: checked, but not read.</summary>
    IReadOnlyList<StoredTensor> Tensors { get; }

    /// <summary>What else it holds: metadata, epochs, options of an optimiser. At most a few hundred of them.</summary>
    IReadOnlyList<StoredValue> Values { get; }

    /// <summary>How many there are of those.</summary>
    int ValueCount { get; }

    /// <summary>Reads a tensor.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <returns>The tensor, on the CPU, contiguous. The caller disposes of it.</returns>
    /// <exception cref="WeightsException">It can't be read, or its bytes are damaged.</exception>
    Tensor Read(StoredTensor tensor);
}
