using System.Buffers.Binary;
using Duet.Data.Files;
using Duet.Learning.Weights.PyTorch;

namespace Duet.Learning.Weights;

/// <summary>Opens files of weights by what they hold, not by what they are called.</summary>
public static class WeightsFile
{
    private const int FirstBytes = 512;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="WeightsException">It can't be read, is damaged, of another format, or asks for what is refused.</exception>
    public static IWeightsFile Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return SafeTensors.Guarded(path, () =>
        {
            var stream = RegularFile.OpenRead(path, bufferSize: 1 << 16);
            try
            {
                return Open(stream, path);
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        });
    }

    /// <summary>Opens a stream, which the file owns from then on.</summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <exception cref="WeightsException">It is damaged, of another format, or asks for what is refused.</exception>
    public static IWeightsFile Open(Stream stream, string source)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return SafeTensors.Guarded(source, () =>
        {
            Span<byte> buffer = stackalloc byte[FirstBytes];
            stream.Position = 0;
            ReadOnlySpan<byte> first = buffer[..stream.ReadAtLeast(buffer, FirstBytes, throwOnEndOfStream: false)];
            stream.Position = 0;
            if (first.StartsWith("PK"u8))
            {
                return PyTorchFile.OpenZip(stream, source);
            }

            if (first.StartsWith(LegacyLayout.FirstBytes))
            {
                return PyTorchFile.OpenLegacy(stream, source);
            }

            if (Other(first) is { } other)
            {
                throw new WeightsException($"'{source}' is {other}. Duet reads safetensors files and PyTorch checkpoints: load it where it was made, and save the state dict with torch.save.");
            }

            return (IWeightsFile)new SafeTensorsFile(stream, source);
        });
    }

    /// <summary>What the first bytes say, where that is no format that Duet reads.</summary>
    private static string? Other(ReadOnlySpan<byte> first) => first switch
    {
        [] => "empty",
        [0x80, >= 2 and <= 5, ..] => "a pickle that torch.save did not write (Caffe2's .pkl weights are such)",
        [0x1f, 0x8b, ..] => "compressed with gzip",
        [0x89, (byte)'H', (byte)'D', (byte)'F', ..] => "an HDF5 file",
        [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', ..] => "a NumPy array",
        [(byte)'<', ..] => "a web page, not the file that it links to",
        _ when first.Length >= 262 && first.Slice(257, 5).SequenceEqual("ustar"u8) => "a tar archive (PyTorch's format before 0.1.10 is one)",
        _ when first.Length < 9 || first[8] != (byte)'{' || BinaryPrimitives.ReadUInt64LittleEndian(first) > SafeTensorsHeader.MaximumBytes => "of a format that is not known here",
        _ => null,
    };
}
