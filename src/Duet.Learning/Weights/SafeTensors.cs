using System.Buffers.Binary;
using System.Text.Json;
using Duet.Data.Files;
using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Weights;

/// <summary>The content of a safetensors file; disposes of its tensors.</summary>
/// <param name="Metadata">Free text by key.</param>
/// <param name="Tensors">The tensors by name, on the CPU.</param>
public sealed record TensorFile(IReadOnlyDictionary<string, string> Metadata, IReadOnlyDictionary<string, Tensor> Tensors) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in Tensors.Values)
        {
            tensor.Dispose();
        }
    }
}

/// <summary>Reads and writes safetensors files: named tensors and text, nothing that can be run.</summary>
public static class SafeTensors
{
    /// <summary>Writes a file that is there whole or not at all.</summary>
    /// <param name="path">Where; a file there is replaced.</param>
    /// <param name="tensors">Tensors by name, on any device, with any strides.</param>
    /// <param name="metadata">Free text by key.</param>
    /// <exception cref="WeightsException">A tensor has a type that the format lacks, or a name that it keeps for itself.</exception>
    /// <exception cref="FileWriteException">The file can't be written; an old one is untouched.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        AtomicFile.Write(path, stream => Write(stream, tensors, metadata));

    /// <summary>Writes to a stream, tensor after tensor: no copy of the whole is made.</summary>
    /// <inheritdoc cref="Write(string, IReadOnlyDictionary{string, Tensor}, IReadOnlyDictionary{string, string}?)"/>
    /// <param name="stream">Where.</param>
    /// <param name="tensors">Tensors by name, on any device, with any strides.</param>
    /// <param name="metadata">Free text by key.</param>
    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);

        foreach (var (name, tensor) in tensors)
        {
            if (ElementTypes.Name(tensor.dtype) is null || name == SafeTensorsHeader.MetadataKey)
            {
                throw new WeightsException(
                    $"The tensor '{name}' of type {tensor.dtype} can't be saved: safetensors files hold {ElementTypes.Names}, and keep the name {SafeTensorsHeader.MetadataKey}.");
            }
        }

        // The widest elements first, then by name: each tensor is aligned to its elements, and equal content gives equal bytes.
        var ordered = tensors.OrderByDescending(t => ElementTypes.Size(t.Value.dtype)).ThenBy(t => t.Key, StringComparer.Ordinal).ToList();
        var header = Header(ordered, metadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var (_, tensor) in ordered)
        {
            using var scope = NewDisposeScope();
            TensorBytes.Write(tensor.detach().cpu().contiguous(), stream);
        }
    }

    /// <summary>Reads the header alone.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="WeightsException">It can't be read or breaks a rule of the format.</exception>
    public static SafeTensorsHeader ReadHeader(string path)
    {
        using var stream = Open(path);
        return Guarded(path, () => SafeTensorsHeader.Read(stream, path));
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="WeightsException">It can't be read or breaks a rule of the format.</exception>
    public static TensorFile Read(string path)
    {
        using var stream = Open(path);
        return Read(stream, path);
    }

    /// <summary>Reads a stream.</summary>
    /// <param name="stream">A stream that can seek, at its beginning; no longer than the file.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <exception cref="WeightsException">It can't be read or breaks a rule of the format.</exception>
    public static TensorFile Read(Stream stream, string source)
    {
        TorchRuntime.EnsureLoaded();
        return Guarded(source, () =>
        {
            var header = SafeTensorsHeader.Read(stream, source);
            var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
            using var scope = NewDisposeScope();
            foreach (var entry in header.Tensors)
            {
                tensors.Add(entry.Name, ReadTensor(stream, source, entry));
            }

            foreach (var tensor in tensors.Values)
            {
                tensor.DetachFromDisposeScope();
            }

            return new TensorFile(header.Metadata, tensors);
        });
    }

    /// <summary>Reads a tensor where the stream stands.</summary>
    internal static Tensor ReadTensor(Stream stream, string source, TensorEntry entry)
    {
        TorchRuntime.EnsureLoaded();

        // The bytes exist (the header's rules say so), so the file's length bounds what is allocated.
        using var scope = NewDisposeScope();
        var tensor = empty([.. entry.Shape], entry.Type);
        TensorBytes.Fill(tensor, stream);
        return entry.Type != ScalarType.Bool || TensorBytes.AreBools(tensor)
            ? tensor.MoveToOuterDisposeScope()
            : throw SafeTensorsHeader.Broken(source, $"a bool of the tensor '{entry.Name}' is neither 0 nor 1");
    }

    private static FileStream Open(string path) => Guarded(path, () => RegularFile.OpenRead(path, bufferSize: 1 << 16));

    internal static T Guarded<T>(string source, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WeightsException($"'{source}' can't be read: {e.Message.TrimEnd('.')}. Check the path and its permissions.", e);
        }
    }

    private static byte[] Header(List<KeyValuePair<string, Tensor>> ordered, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                writer.WriteStartObject(SafeTensorsHeader.MetadataKey);
                foreach (var (key, value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    writer.WriteString(key, value);
                }

                writer.WriteEndObject();
            }

            var at = 0L;
            foreach (var (name, tensor) in ordered)
            {
                var end = at + (tensor.numel() * ElementTypes.Size(tensor.dtype));
                writer.WriteStartObject(name);
                writer.WriteString("dtype", ElementTypes.Name(tensor.dtype));
                WriteNumbers(writer, "shape", tensor.shape);
                WriteNumbers(writer, "data_offsets", [at, end]);
                writer.WriteEndObject();
                at = end;
            }

            writer.WriteEndObject();
        }

        // Spaces up to a multiple of 8, so that the data is aligned in a mapped file.
        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        if (buffer.Length > SafeTensorsHeader.MaximumBytes)
        {
            throw new WeightsException($"The header would take {buffer.Length} bytes, but safetensors files allow {SafeTensorsHeader.MaximumBytes}: save fewer tensors or shorter metadata.");
        }

        return buffer.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, ReadOnlySpan<long> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }
}
