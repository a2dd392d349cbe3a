using Duet.Data;
using Duet.Learning.Native;
using static Duet.Learning.Models.VideoResNet.ConvolutionKind;

namespace Duet.Learning.Models;

/// <summary>A network that Duet has.</summary>
/// <param name="Name">Its name in recipes.</param>
/// <param name="Modality">What it looks at.</param>
/// <param name="Summary">A line for people.</param>
/// <param name="Build">Makes it, uninitialised.</param>
public sealed record EncoderEntry(string Name, Modality Modality, string Summary, Func<EncoderOptions, Encoder> Build)
{
    private readonly Lazy<(long Parameters, IReadOnlyList<EncoderLayer> Layers)> published = new(() =>
    {
        TorchRuntime.EnsureLoaded();
        using var encoder = Build(new EncoderOptions { Name = Name });
        return (encoder.parameters().Sum(p => p.numel()), encoder.Layers);
    });

    /// <summary>Trainable numbers at width 1, all stages, without a head.</summary>
    public long Parameters => published.Value.Parameters;

    /// <summary>The stages at width 1.</summary>
    public IReadOnlyList<EncoderLayer> Layers => published.Value.Layers;
}

/// <summary>Every network by name.</summary>
public static class EncoderRegistry
{
    /// <summary>The networks, video first.</summary>
    public static IReadOnlyList<EncoderEntry> Entries { get; } =
    [
        new("mc2_18", Modality.Video, "3-D conv1, then 2-D residual groups (MC2 of Tran et al., AVTS)", o => new VideoResNet(o, [Flat, Flat, Flat, Flat], factoredStem: false)),
        new("mc3_18", Modality.Video, "3-D conv1 and conv2, then 2-D residual groups (MC3 of Tran et al., AVTS)", o => new VideoResNet(o, [Full, Flat, Flat, Flat], factoredStem: false)),
        new("r3d_18", Modality.Video, "3-D throughout (R3D of Tran et al.)", o => new VideoResNet(o, [Full, Full, Full, Full], factoredStem: false)),
        new("r2plus1d_18", Modality.Video, "2-D then 1-D convolutions throughout (R(2+1)D of Tran et al., XDC)", o => new VideoResNet(o, [Factored, Factored, Factored, Factored], factoredStem: true)),
        new("r2plus1d_18_xdc", Modality.Video, "r2plus1d_18 as XDC's released weights have it", o => new VideoResNet(o, [Factored, Factored, Factored, Factored], factoredStem: true, released: true)),
        new("vgg_m", Modality.Audio, "five convolutions after SyncNet's audio branch (AVTS)", o => new VggM(o)),
        new("resnet18_audio", Modality.Audio, "ResNet-18 with a stem of one channel (XDC)", o => new AudioResNet(o)),
    ];

    /// <summary>The networks' names.</summary>
    public static IEnumerable<string> Names => Entries.Select(e => e.Name);

    /// <summary>The entry of a name, or null.</summary>
    /// <param name="name">A network's name.</param>
    public static EncoderEntry? Find(string? name) => Entries.FirstOrDefault(e => e.Name == name);

    /// <summary>Makes a network with its first weights.</summary>
    /// <param name="options">Which network, and how large.</param>
    /// <param name="seed">The run's seed: the same seed and options give the same weights.</param>
    /// <returns>The network, on the CPU, in training mode. The caller disposes of it.</returns>
    /// <exception cref="UsageException">An option does not hold.</exception>
    public static Encoder Create(EncoderOptions options, long seed)
    {
        var encoder = CreateUninitialised(options);
        WeightInitialisation.Convolutions(encoder, seed);
        return encoder;
    }

    /// <summary>Makes a network whose weights are about to be read from a file.</summary>
    internal static Encoder CreateUninitialised(EncoderOptions options)
    {
        if (options.Validate().FirstOrDefault() is { } error)
        {
            throw new UsageException($"The encoder's {error.Property.ToLowerInvariant()} is wrong: {error.Message}.");
        }

        TorchRuntime.EnsureLoaded();
        return Find(options.Name)!.Build(options);
    }
}
