using Duet.Data;
using Duet.Data.Files;
using Duet.Learning.Evaluation;
using Duet.Learning.Models;
using Duet.Learning.Weights.PyTorch;

namespace Duet.Learning.Weights;

/// <summary>What an export wrote.</summary>
public sealed record ExportResult
{
    /// <summary>The result's format and version.</summary>
    public string Format { get; init; } = "duet.result/1";

    /// <summary>The result's kind.</summary>
    public string Kind { get; init; } = "weights_export";

    /// <summary>The run or encoder file that it was made from.</summary>
    public required string Source { get; init; }

    /// <summary>The file that was written.</summary>
    public required string File { get; init; }

    /// <summary><c>safetensors</c> or <c>pytorch zip</c>.</summary>
    public required string FileFormat { get; init; }

    /// <summary>Its bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Its tensors.</summary>
    public required int Tensors { get; init; }

    /// <summary>The encoder's card.</summary>
    public required PreprocessingCard Card { get; init; }
}

/// <summary>Writes an encoder for other programs: as safetensors, or as a state dict for PyTorch under torchvision's names.</summary>
public static class WeightsExport
{
    private static readonly string[] PyTorchEndings = [".pth", ".pt"];

    /// <summary>Exports.</summary>
    /// <param name="source">A run's folder, whose newest checkpoint is taken, or an encoder's file.</param>
    /// <param name="output">The file: <c>.safetensors</c>, <c>.pth</c> or <c>.pt</c>; one that is there is replaced.</param>
    /// <param name="modality">Which encoder; null where there is only one.</param>
    /// <param name="damaged">Hears of newer checkpoints that can't be used, and why.</param>
    /// <exception cref="UsageException">The file's ending says no format, the source is none, or has not one such encoder.</exception>
    /// <exception cref="WeightsException">The encoder's file is damaged.</exception>
    /// <exception cref="FileWriteException">The file can't be written; an old one is untouched.</exception>
    public static ExportResult Run(string source, string output, Modality? modality = null, Action<string>? damaged = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        var ending = Path.GetExtension(output).ToLowerInvariant();
        var forPyTorch = PyTorchEndings.Contains(ending);
        if (!forPyTorch && ending != ".safetensors")
        {
            throw new UsageException($"'{output}' does not say which format to write. Name a file that ends in .safetensors, or in .pth for PyTorch.");
        }

        using var opened = FeatureSource.Open(source, damaged);
        var networks = opened.Networks.Where(n => modality is null || n.Encoder.Modality == modality).ToList();
        if (networks.Count != 1)
        {
            throw new UsageException(networks.Count == 0
                ? $"'{source}' has no {modality.ToString()!.ToLowerInvariant()} encoder; it has {opened.Networks[0].Name}."
                : $"'{source}' has a video and an audio encoder. Say which: --modality video, or --modality audio.");
        }

        var encoder = networks[0].Encoder;
        var card = opened.Cards[opened.Networks.ToList().IndexOf(networks[0])];
        var state = encoder.state_dict();
        if (forPyTorch)
        {
            PyTorchWriter.Write(output, [.. state]);
        }
        else
        {
            EncoderFile.Save(output, encoder, card);
        }

        return new ExportResult
        {
            Source = source,
            File = output,
            FileFormat = forPyTorch ? "pytorch zip" : "safetensors",
            Bytes = new FileInfo(output).Length,
            Tensors = state.Count,
            Card = card,
        };
    }
}
