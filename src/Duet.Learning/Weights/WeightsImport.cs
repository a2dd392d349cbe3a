using System.Security.Cryptography;
using Duet.Data;
using Duet.Data.Files;
using Duet.Learning.Models;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Weights;

/// <summary>What an import took and left.</summary>
public sealed record ImportResult
{
    /// <summary>The result's format and version.</summary>
    public string Format { get; init; } = "duet.result/1";

    /// <summary>The result's kind.</summary>
    public string Kind { get; init; } = "weights_import";

    /// <summary>The file that was read.</summary>
    public required string File { get; init; }

    /// <summary>Its format.</summary>
    public required string FileFormat { get; init; }

    /// <summary>Its SHA-256, hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The release that it is, by its SHA-256; null where it is not known.</summary>
    public string? Release { get; init; }

    /// <summary>The encoder's file that was written.</summary>
    public required string Encoder { get; init; }

    /// <summary>What stands before the network's names in the file.</summary>
    public required string Prefix { get; init; }

    /// <summary>The network's tensors that were taken, by their names in the network.</summary>
    public required IReadOnlyList<string> Matched { get; init; }

    /// <summary>The network's tensors that the file lacks: counters of batches, which are set to 0. Where anything else is missing, nothing is written.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>The file's tensors that the network has no place for.</summary>
    public required IReadOnlyList<StoredTensor> LeftOver { get; init; }

    /// <summary>Tensors that were widened or narrowed to F32.</summary>
    public required int Converted { get; init; }

    /// <summary>The encoder's card.</summary>
    public required PreprocessingCard Card { get; init; }
}

/// <summary>Makes an encoder's file from weights that come from elsewhere.</summary>
public static class WeightsImport
{
    private const int MostListed = 8;

    /// <summary>Imports.</summary>
    /// <param name="file">A safetensors file or a PyTorch checkpoint.</param>
    /// <param name="output">The encoder's file; one that is there is replaced.</param>
    /// <param name="options">What the file does not say.</param>
    /// <exception cref="UsageException">No network or more than one fits, or an audio network comes without a card to follow.</exception>
    /// <exception cref="WeightsException">The file can't be read or is refused; tensors are missing or of another shape; a weight is not finite.</exception>
    /// <exception cref="FileWriteException">The encoder can't be written; an old file is untouched.</exception>
    public static ImportResult Run(string file, string output, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        TorchRuntime.EnsureLoaded();
        if (options.Choice.Network is { } name && EncoderRegistry.Find(name) is null)
        {
            throw new UsageException($"There is no network '{name}'; there are {string.Join(", ", EncoderRegistry.Names)}.");
        }

        using var weights = WeightsFile.Open(file);
        var match = Choose(NetworkMatch.All(weights.Tensors, options.Choice), weights);
        using var encoder = EncoderRegistry.CreateUninitialised(match.Network);
        if (encoder.Modality == Modality.Audio && options.Like?.Modality != Modality.Audio)
        {
            throw new UsageException($"The spectrograms that the {match.Network.Name} of '{file}' learned from are not known. Name an audio encoder or a run whose spectrograms to take: --like ENCODER.");
        }

        var sha256 = Hash(file);
        var release = KnownRelease.Of(file, sha256);
        var converted = Fill(encoder, weights, match);
        var card = PreprocessingCard.Of(
            encoder, options.Clip(match.Network), options.Like?.Spectrogram, options.Like?.SpectrogramStatistics, Path.GetFileName(file), options.Method ?? release?.Method ?? "imported", step: 0);
        if (card.Clip.Validate().FirstOrDefault() is { } wrong)
        {
            throw new UsageException(wrong.Message);
        }

        EncoderFile.Save(output, encoder, card);
        return new ImportResult
        {
            File = file,
            FileFormat = weights.Format,
            Sha256 = sha256,
            Release = release?.Name,
            Encoder = output,
            Prefix = match.Prefix,
            Matched = [.. match.Matched.Select(t => t.Name)],
            Missing = [.. match.Missing.Select(t => t.Name)],
            LeftOver = match.LeftOver,
            Converted = converted,
            Card = card,
        };
    }

    private static NetworkMatch Choose(IReadOnlyList<NetworkMatch> matches, IWeightsFile weights)
    {
        if (matches.Count == 0)
        {
            throw new UsageException(
                $"'{weights.Source}' holds no network that Duet knows ({string.Join(", ", EncoderRegistry.Names)}), by the names of its {weights.Tensors.Count} tensors. 'duet weights inspect' lists them.");
        }

        var whole = matches.Where(m => m.IsWhole).ToList();
        if (whole.Count > 1)
        {
            throw new UsageException(
                $"'{weights.Source}' holds {whole.Count} networks: {string.Join(", ", whole.Take(MostListed).Select(m => $"{m.Network.Name} under '{SafeTensorsHeader.Shown(m.Prefix)}'"))}. Say which: --prefix NAME, or --network NAME.");
        }

        if (whole.Count == 1)
        {
            return whole[0];
        }

        var best = matches[0];
        var problems = new List<string>();
        List("missing", [.. best.Missing.Where(t => !t.IsCounter).Select(t => t.Name)]);
        List("of another shape or type", best.Misfits);
        List("left over", [.. best.LeftOver.Select(t => $"{SafeTensorsHeader.Shown(t.Name)} [{string.Join(", ", t.Shape)}]")]);
        throw new WeightsException(
            $"'{weights.Source}' does not hold a whole {best.Network.Name}, which fits it best ({best.Matched.Count} tensors match{(best.Prefix.Length > 0 ? $" under '{SafeTensorsHeader.Shown(best.Prefix)}'" : "")}): {string.Join("; ", problems)}. Name the network with --network, --width and --stages where it is another.");

        void List(string what, IReadOnlyList<string> all)
        {
            if (all.Count > 0)
            {
                problems.Add($"{what}: {string.Join(", ", all.Take(MostListed))}{(all.Count > MostListed ? $" and {all.Count - MostListed} more" : "")}");
            }
        }
    }

    /// <summary>Copies the tensors, one at a time.</summary>
    /// <returns>How many were of another type.</returns>
    private static int Fill(Encoder encoder, IWeightsFile weights, NetworkMatch match)
    {
        var stored = weights.Tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
        var state = encoder.state_dict();
        var converted = 0;
        using var gradientless = no_grad();
        foreach (var tensor in match.Matched)
        {
            using var scope = NewDisposeScope();
            var from = stored[match.Prefix + tensor.Name];
            var target = state[tensor.Name];
            target.copy_(weights.Read(from));
            if (!tensor.IsCounter && !target.isfinite().all().IsTrue())
            {
                throw new WeightsException($"The tensor '{SafeTensorsHeader.Shown(from.Name)}' of '{weights.Source}' holds values that are not finite{(from.Type == ScalarType.Float64 ? " in F32" : "")}: such weights can't be used.");
            }

            if (tensor.Name.EndsWith(".running_var", StringComparison.Ordinal) && target.min().Number() < 0)
            {
                throw new WeightsException($"The tensor '{SafeTensorsHeader.Shown(from.Name)}' of '{weights.Source}' holds variances below 0: such weights can't be used. The file is damaged.");
            }

            converted += from.Type == target.dtype ? 0 : 1;
        }

        return converted;
    }

    private static string Hash(string file) => SafeTensors.Guarded(file, () =>
    {
        using var stream = RegularFile.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    });
}
