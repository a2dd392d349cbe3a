using Duet.Data.Files;
using Duet.Learning.Models;
using Duet.Learning.Native;

namespace Duet.Learning.Weights;

/// <summary>What a file of weights holds.</summary>
public sealed record WeightsInspection
{
    /// <summary>The result's format and version.</summary>
    public string Format { get; init; } = "duet.result/1";

    /// <summary>The result's kind.</summary>
    public string Kind { get; init; } = "weights_inspect";

    /// <summary>The file.</summary>
    public required string File { get; init; }

    /// <summary>Its format.</summary>
    public required string FileFormat { get; init; }

    /// <summary>Its bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Its tensors.</summary>
    public required IReadOnlyList<StoredTensor> Tensors { get; init; }

    /// <summary>Numbers in all of its tensors.</summary>
    public required long Elements { get; init; }

    /// <summary>What else it holds; at most a few hundred.</summary>
    public required IReadOnlyList<StoredValue> Values { get; init; }

    /// <summary>How many there are of those.</summary>
    public required int ValueCount { get; init; }

    /// <summary>The networks of Duet's that are whole in it.</summary>
    public required IReadOnlyList<FoundNetwork> Networks { get; init; }

    /// <summary>A network in a file.</summary>
    /// <param name="Network">Its name and size.</param>
    /// <param name="Prefix">What stands before its names.</param>
    /// <param name="LeftOver">Tensors of the file that are not its.</param>
    public sealed record FoundNetwork(EncoderOptions Network, string Prefix, int LeftOver);

    /// <summary>Looks into a file. No tensor is read.</summary>
    /// <param name="path">A safetensors file or a PyTorch checkpoint.</param>
    /// <exception cref="WeightsException">It can't be read, is damaged, of another format, or is refused.</exception>
    public static WeightsInspection Of(string path)
    {
        using var file = WeightsFile.Open(path);
        TorchRuntime.EnsureLoaded();
        return new WeightsInspection
        {
            File = path,
            FileFormat = file.Format,
            Bytes = RegularFile.Length(path),
            Tensors = file.Tensors,
            Elements = file.Tensors.Sum(t => t.Elements),
            Values = file.Values,
            ValueCount = file.ValueCount,
            Networks = [.. NetworkMatch.All(file.Tensors, new NetworkChoice()).Where(m => m.IsWhole).Select(m => new FoundNetwork(m.Network, m.Prefix, m.LeftOver.Count))],
        };
    }
}
