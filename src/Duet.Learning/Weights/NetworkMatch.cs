using System.Globalization;
using Duet.Data;
using Duet.Learning.Models;
using static TorchSharp.torch;

namespace Duet.Learning.Weights;

/// <summary>One of a network's tensors.</summary>
/// <param name="Name">Its name in the network's state.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="IsCounter">Whether it only counts batches, which weights from before PyTorch 0.4.1 lack and nothing needs.</param>
internal sealed record NetworkTensor(string Name, IReadOnlyList<long> Shape, bool IsCounter);

/// <summary>How a file's tensors fit a network of Duet's, whose names are torchvision's.</summary>
/// <param name="Network">The network and its size.</param>
/// <param name="Prefix">What stands before the network's names in the file: <c>state_dict.module.</c>, or nothing.</param>
/// <param name="Matched">The network's tensors that the file has.</param>
/// <param name="Missing">Those that it lacks.</param>
/// <param name="Misfits">Those that it has in another shape or type: both, for people.</param>
/// <param name="LeftOver">The file's other tensors, such as a classifier's.</param>
internal sealed record NetworkMatch(
    EncoderOptions Network, string Prefix, IReadOnlyList<NetworkTensor> Matched, IReadOnlyList<NetworkTensor> Missing, IReadOnlyList<string> Misfits, IReadOnlyList<StoredTensor> LeftOver)
{
    private const int MostPrefixes = 64;

    /// <summary>Whether nothing that the network computes with is missing.</summary>
    public bool IsWhole => Misfits.Count == 0 && Missing.All(t => t.IsCounter);

    /// <summary>Every network that the file has some of, the one that fits best first.</summary>
    /// <param name="tensors">The file's tensors.</param>
    /// <param name="wanted">What the user says: network, width, stages, prefix; null for what the shapes say.</param>
    /// <exception cref="UsageException">The options are wrong, or the file has too many networks to look at.</exception>
    public static IReadOnlyList<NetworkMatch> All(IReadOnlyList<StoredTensor> tensors, NetworkChoice wanted)
    {
        var byName = tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
        var found = new List<NetworkMatch>();
        foreach (var entry in EncoderRegistry.Entries.Where(e => wanted.Network is null || wanted.Network == e.Name))
        {
            var anchor = FirstConvolutionOf(entry);
            var prefixes = tensors.Select(t => t.Name)
                .Where(n => n.EndsWith(anchor, StringComparison.Ordinal) && (n.Length == anchor.Length || n[n.Length - anchor.Length - 1] == '.'))
                .Select(n => n[..^anchor.Length])
                .Where(p => wanted.Prefix is null || p == wanted.Prefix)
                .ToList();
            if (prefixes.Count > MostPrefixes)
            {
                throw new UsageException($"The file has {prefixes.Count} tensors that a {entry.Name} could begin with. Say which: --prefix NAME.");
            }

            foreach (var prefix in prefixes)
            {
                if (Options(entry, byName[prefix + anchor].Shape, wanted) is { } options && Held(options, tensors, prefix, wanted.Stages) is { } held)
                {
                    found.Add(Of(held, prefix, byName, wanted.Stages));
                }
            }
        }

        return [.. found.OrderByDescending(m => m.IsWhole).ThenByDescending(m => m.Matched.Count)];
    }

    private static NetworkMatch Of(EncoderOptions options, string prefix, Dictionary<string, StoredTensor> file, int? stages)
    {
        List<NetworkTensor> state = [];
        using (var encoder = EncoderRegistry.CreateUninitialised(options))
        {
            state.AddRange(encoder.state_dict().Select(t => new NetworkTensor(t.Key, t.Value.shape, t.Value.dtype == ScalarType.Int64)));
        }

        // A file of fewer stages is a network of fewer stages.
        var kept = stages ?? state.Where(t => file.ContainsKey(prefix + t.Name)).Max(t => StageOf(t.Name));
        kept = kept == 0 ? EncoderOptions.MaximumStages : kept;
        state.RemoveAll(t => StageOf(t.Name) > kept);
        var (matched, missing, misfits) = (new List<NetworkTensor>(), new List<NetworkTensor>(), new List<string>());
        var left = new Dictionary<string, StoredTensor>(file, StringComparer.Ordinal);
        foreach (var tensor in state)
        {
            if (!left.Remove(prefix + tensor.Name, out var stored))
            {
                missing.Add(tensor);
            }
            else if (stored.Shape.SequenceEqual(tensor.Shape) && IsFloat(stored.Type) != tensor.IsCounter)
            {
                matched.Add(tensor);
            }
            else
            {
                misfits.Add($"{stored.Name} is {ElementTypes.Name(stored.Type)} [{string.Join(", ", stored.Shape)}], not {(tensor.IsCounter ? "I64" : "F32")} [{string.Join(", ", tensor.Shape)}]");
            }
        }

        return new NetworkMatch(options with { Stages = kept == EncoderOptions.MaximumStages ? 0 : kept }, prefix, matched, missing, misfits, [.. file.Values.Where(t => left.ContainsKey(t.Name))]);
    }

    /// <summary>
    /// The network up to the stage that the file names; null where the file holds far less than that takes. A name and a shape cost nothing, and may speak of gigabytes, which must
    /// not be taken to find out; where little is missing, what is missing is told later.
    /// </summary>
    private static EncoderOptions? Held(EncoderOptions options, IReadOnlyList<StoredTensor> tensors, string prefix, int? stages)
    {
        var own = tensors.Where(t => t.Name.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        var last = stages ?? own.Max(t => StageOf(t.Name[prefix.Length..]));
        var network = options with { Stages = last is > 0 and < EncoderOptions.MaximumStages ? last : 0 };
        return NetworkCost.Weights(network) <= (16 * own.Sum(t => (double)t.Elements)) + (1 << 16) ? network : null;
    }

    /// <summary>The network at the width that the first convolution has; null where it can't be.</summary>
    private static EncoderOptions? Options(EncoderEntry entry, IReadOnlyList<long> shape, NetworkChoice wanted)
    {
        if (shape.Count < 4)
        {
            return null;
        }

        var options = new EncoderOptions { Name = entry.Name, Width = wanted.Width ?? (double)shape[0] / entry.Layers[0].Channels };
        return wanted.Width is null && options.Validate().Any() ? null : options;
    }

    /// <summary>The convolution whose outputs are conv1's channels. It is there in a network of any number of stages.</summary>
    private static string FirstConvolutionOf(EncoderEntry entry)
    {
        using var encoder = EncoderRegistry.CreateUninitialised(new EncoderOptions { Name = entry.Name, Width = 0.125, Stages = 1 });
        return FirstConvolution.Of(encoder)[^1].Name;
    }

    /// <summary>The stage of a tensor: <c>stem</c> and <c>conv1</c> are the first, <c>layer1</c> the second, and so on.</summary>
    private static int StageOf(string name)
    {
        var part = name.Split('.')[0];
        return part switch
        {
            _ when part.StartsWith("layer", StringComparison.Ordinal) && Number(part["layer".Length..]) is { } number => 1 + number,
            _ when part.StartsWith("conv", StringComparison.Ordinal) && Number(part["conv".Length..]) is { } number => number,
            _ => 1,
        };
    }

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= EncoderOptions.MaximumStages ? number : null;

    private static bool IsFloat(ScalarType type) => type is ScalarType.Float32 or ScalarType.Float64 or ScalarType.Float16 or ScalarType.BFloat16;
}

/// <summary>What a user may say on the network in a file; null leaves it to the names and shapes.</summary>
public sealed record NetworkChoice
{
    /// <summary>Its name in the registry.</summary>
    public string? Network { get; init; }

    /// <summary>Its width.</summary>
    public double? Width { get; init; }

    /// <summary>How many of its stages are taken; 0 for all that a network has.</summary>
    public int? Stages { get; init; }

    /// <summary>What stands before its names in the file.</summary>
    public string? Prefix { get; init; }
}
