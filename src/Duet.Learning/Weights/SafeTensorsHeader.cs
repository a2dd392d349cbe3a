using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;
using static TorchSharp.torch;

namespace Duet.Learning.Weights;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its elements' type.</param>
/// <param name="Shape">Its shape; empty for a scalar.</param>
/// <param name="Start">Its first byte, counted from the end of the header.</param>
/// <param name="End">The byte after its last.</param>
public sealed record TensorEntry(string Name, ScalarType Type, IReadOnlyList<long> Shape, long Start, long End);

/// <summary>
/// The header of a safetensors file: a length (8 bytes, little-endian), then that many bytes of JSON, then the tensors back to
/// back. Everything that the format leaves no freedom in is checked before anything of that size is allocated.
/// </summary>
/// <param name="Metadata">Free text by key.</param>
/// <param name="Tensors">The tensors, in the order in which they lie in the file.</param>
/// <param name="DataOffset">Where the tensors begin in the file.</param>
public sealed record SafeTensorsHeader(IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<TensorEntry> Tensors, long DataOffset)
{
    /// <summary>The largest header that the format allows, bytes.</summary>
    public const int MaximumBytes = 100_000_000;

    internal const string MetadataKey = "__metadata__";
    private const int MaximumRank = 64; // libtorch's

    /// <summary>Reads and checks the header of a stream, which is left at the first tensor's first byte.</summary>
    /// <param name="stream">A stream that can seek, at its beginning.</param>
    /// <param name="source">What to call it in errors: a path.</param>
    /// <exception cref="WeightsException">It breaks a rule of the format.</exception>
    public static SafeTensorsHeader Read(Stream stream, string source)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var total = stream.Length - stream.Position;
        Span<byte> prefix = stackalloc byte[8];
        if (total < prefix.Length)
        {
            throw Broken(source, "it is shorter than the 8 bytes of the header's length");
        }

        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaximumBytes || (long)length > total - prefix.Length)
        {
            throw Broken(source, $"its header should have {length} bytes, but the format allows {MaximumBytes} and the file has {total - prefix.Length} after the length");
        }

        var json = new byte[length];
        stream.ReadExactly(json);
        return Parse(json, source, total - prefix.Length - (long)length);
    }

    internal static WeightsException Broken(string source, string what, Exception? inner = null) =>
        new($"'{source}' is not a whole safetensors file: {what}. Make or fetch it again.", inner);

    private static SafeTensorsHeader Parse(byte[] json, string source, long dataBytes)
    {
        if (json.Length == 0 || json[0] != (byte)'{' || !Utf8.IsValid(json))
        {
            throw Broken(source, "its header is not a JSON object in UTF-8");
        }

        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var tensors = new List<TensorEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
            Expect(ref reader, JsonTokenType.StartObject, source);
            while (Next(ref reader, source) != JsonTokenType.EndObject)
            {
                var name = reader.GetString()!;
                if (!names.Add(name))
                {
                    throw Broken(source, $"its header names '{Shown(name)}' twice");
                }

                if (name == MetadataKey)
                {
                    ReadMetadata(ref reader, source, metadata);
                }
                else
                {
                    tensors.Add(ReadTensor(ref reader, source, name));
                }
            }

            if (reader.Read())
            {
                throw Broken(source, "something follows the JSON object in its header");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped half of a surrogate pair, which is no text.
            throw Broken(source, "its header is not valid JSON", e);
        }

        // Order in the JSON is free; in the data the tensors must follow each other without gap or overlap, to the end.
        tensors.Sort((a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.End.CompareTo(b.End));
        var at = 0L;
        foreach (var tensor in tensors)
        {
            if (tensor.Start != at)
            {
                throw Broken(source, $"the tensor '{Shown(tensor.Name)}' begins at byte {tensor.Start}, but the one before it ends at {at}");
            }

            at = tensor.End;
        }

        if (at != dataBytes)
        {
            throw Broken(source, $"its tensors take {at} bytes, but {dataBytes} follow the header");
        }

        return new SafeTensorsHeader(metadata, tensors, sizeof(ulong) + json.Length);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, string source, Dictionary<string, string> metadata)
    {
        Expect(ref reader, JsonTokenType.StartObject, source);
        while (Next(ref reader, source) != JsonTokenType.EndObject)
        {
            var key = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String, source);
            if (!metadata.TryAdd(key, reader.GetString()!))
            {
                throw Broken(source, $"its metadata names '{Shown(key)}' twice");
            }
        }
    }

    private static TensorEntry ReadTensor(ref Utf8JsonReader reader, string source, string name)
    {
        ScalarType? type = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, source);
        while (Next(ref reader, source) != JsonTokenType.EndObject)
        {
            var property = reader.GetString();
            switch (property)
            {
                case "dtype" when type is null:
                    Expect(ref reader, JsonTokenType.String, source);
                    var text = reader.GetString()!;
                    type = ElementTypes.Parse(text) ?? throw Broken(source, $"the tensor '{Shown(name)}' has the unknown type '{Shown(text)}'; known are {ElementTypes.Names}");
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, source, name, MaximumRank);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, source, name, 2);
                    break;
                default:
                    throw Broken(source, $"the tensor '{Shown(name)}' has '{Shown(property!)}' twice, or should not have it");
            }
        }

        if (type is null || shape is null || offsets is not [var start, var end])
        {
            throw Broken(source, $"the tensor '{Shown(name)}' lacks its dtype, shape or two data_offsets");
        }

        if (Bytes(shape, ElementTypes.Size(type.Value)) is not { } bytes || start > end || end - start != bytes)
        {
            throw Broken(source, $"the tensor '{Shown(name)}' of {ElementTypes.Name(type.Value)} [{string.Join(", ", shape)}] does not take the {end - start} bytes from {start} to {end}");
        }

        return new TensorEntry(name, type.Value, shape, start, end);
    }

    /// <summary>What a shape takes, or null where that is more than 2^63 bytes.</summary>
    private static long? Bytes(List<long> shape, int elementSize)
    {
        // A size of 0 makes the tensor empty, but libtorch multiplies the others all the same.
        Int128 bytes = elementSize;
        foreach (var size in shape.Where(size => size > 0))
        {
            bytes *= size;
            if (bytes > long.MaxValue)
            {
                return null;
            }
        }

        return shape.Contains(0) ? 0 : (long)bytes;
    }

    private static List<long> ReadNumbers(ref Utf8JsonReader reader, string source, string name, int most)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray, source);
        while (Next(ref reader, source) != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0 || numbers.Count == most)
            {
                throw Broken(source, $"the tensor '{Shown(name)}' needs at most {most} numbers from 0 to 2^63 - 1 there");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader, string source) =>
        reader.Read() ? reader.TokenType : throw Broken(source, "its header ends in the middle");

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string source)
    {
        if (Next(ref reader, source) != type)
        {
            throw Broken(source, $"its header has a {reader.TokenType} where a {type} belongs");
        }
    }

    /// <summary>A text from the file, fit for a message.</summary>
    internal static string Shown(string text) =>
        new([.. text.Take(80).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]);
}
