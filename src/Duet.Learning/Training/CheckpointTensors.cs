using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Duet.Learning.Training;

/// <summary>The tensors of a checkpoint as safetensors: a header's length, a JSON header of types, shapes and offsets, the tensors back to back.</summary>
internal static class CheckpointTensors
{
    private static readonly Dictionary<ScalarType, (string Name, int Bytes)> Types = new()
    {
        [ScalarType.Float32] = ("F32", 4),
        [ScalarType.Int64] = ("I64", 8),
        [ScalarType.Float64] = ("F64", 8),
        [ScalarType.Int32] = ("I32", 4),
        [ScalarType.BFloat16] = ("BF16", 2),
    };

    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors)
    {
        var ordered = tensors.OrderBy(t => t.Key, StringComparer.Ordinal).ToArray();
        var header = new JsonObject();
        var offset = 0L;
        foreach (var (name, tensor) in ordered)
        {
            var (type, bytes) = Types[tensor.dtype];
            var end = offset + (tensor.numel() * bytes);
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. tensor.shape.Select(s => (JsonNode)s)]),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }

        var text = JsonSerializer.SerializeToUtf8Bytes(header);
        var padded = (text.Length + 7) / 8 * 8;
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, padded);
        stream.Write(length);
        stream.Write(text);
        for (var i = text.Length; i < padded; i++)
        {
            stream.WriteByte((byte)' ');
        }

        foreach (var (_, tensor) in ordered)
        {
            using var scope = NewDisposeScope();
            stream.Write(tensor.detach().cpu().contiguous().bytes);
        }
    }

    /// <summary>Reads a file whose hash has been checked: its content is this program's own.</summary>
    public static Dictionary<string, Tensor> Read(string path)
    {
        using var stream = File.OpenRead(path);
        using var reader = new BinaryReader(stream);
        var header = JsonNode.Parse(reader.ReadBytes(checked((int)reader.ReadInt64())))!.AsObject();
        var start = stream.Position;
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, entry) in header)
        {
            var type = Types.First(t => t.Value.Name == entry!["dtype"]!.GetValue<string>()).Key;
            var tensor = empty([.. entry!["shape"]!.AsArray().Select(s => s!.GetValue<long>())], type).DetachFromDisposeScope();
            stream.Position = start + entry["data_offsets"]![0]!.GetValue<long>();
            stream.ReadExactly(tensor.bytes);
            tensors[name] = tensor;
        }

        return tensors;
    }
}
