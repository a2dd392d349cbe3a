using System.Buffers.Binary;
using System.Text;
using Duet.Data.Files;
using static TorchSharp.torch;

namespace Duet.Learning.Weights.PyTorch;

/// <summary>Writes state dicts that <c>torch.load</c> of PyTorch 1.6 and later reads: an ordered dictionary of tensors in the ZIP format.</summary>
internal static class PyTorchWriter
{
    private const string Folder = "archive/";

    /// <summary>Writes a file that is there whole or not at all.</summary>
    /// <param name="path">Where; a file there is replaced.</param>
    /// <param name="tensors">Tensors by name, in this order, on any device, with any strides.</param>
    /// <exception cref="WeightsException">A tensor is of a type that PyTorch's storages lack, or the whole is larger than 4 GiB.</exception>
    /// <exception cref="FileWriteException">The file can't be written; an old one is untouched.</exception>
    public static void Write(string path, IReadOnlyList<KeyValuePair<string, Tensor>> tensors) => AtomicFile.Write(path, stream =>
    {
        var zip = new StoredZipWriter(stream);
        var pickle = Pickle(tensors);
        zip.Add(Folder + "data.pkl", pickle.Length, Crc32.Of(pickle), s => s.Write(pickle));
        var byteOrder = "little"u8.ToArray();
        zip.Add(Folder + "byteorder", byteOrder.Length, Crc32.Of(byteOrder), s => s.Write(byteOrder));
        for (var i = 0; i < tensors.Count; i++)
        {
            using var scope = NewDisposeScope();
            var tensor = tensors[i].Value.detach().cpu().contiguous();
            zip.Add($"{Folder}data/{i}", tensor.numel() * ElementTypes.Size(tensor.dtype), TensorBytes.Checksum(tensor), s => TensorBytes.Write(tensor, s));
        }

        var version = "3\n"u8.ToArray();
        zip.Add(Folder + "version", version.Length, Crc32.Of(version), s => s.Write(version));
        zip.Finish();
    });

    /// <summary>The pickle of the dictionary, as protocol 2: each tensor a view of a storage of its own.</summary>
    private static byte[] Pickle(IReadOnlyList<KeyValuePair<string, Tensor>> tensors)
    {
        using var pickle = new MemoryStream();
        pickle.Write([0x80, 2]);
        EmptyOrdered();
        pickle.WriteByte((byte)'(');
        for (var i = 0; i < tensors.Count; i++)
        {
            var (name, tensor) = tensors[i];
            Text(name);
            Global("torch._utils", "_rebuild_tensor_v2");
            pickle.WriteByte((byte)'(');

            // The storage: ("storage", its class, its key, where it was, its elements).
            pickle.WriteByte((byte)'(');
            Text("storage");
            Global("torch", $"{StorageOf(tensor.dtype, name)}Storage");
            Text(i.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Text("cpu");
            Number(tensor.numel());
            pickle.Write("tQ"u8);

            Number(0);
            Tuple(tensor.shape);
            Tuple(ContiguousStrides(tensor.shape));
            pickle.WriteByte(0x89); // needs no gradient
            EmptyOrdered(); // has no hooks
            pickle.Write("tR"u8);
        }

        pickle.Write("u."u8);
        return pickle.ToArray();

        void EmptyOrdered()
        {
            Global("collections", "OrderedDict");
            pickle.Write(")R"u8);
        }

        void Global(string module, string name) => pickle.Write(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));

        void Text(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            Span<byte> length = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            pickle.WriteByte((byte)'X');
            pickle.Write(length);
            pickle.Write(bytes);
        }

        void Tuple(long[] numbers)
        {
            pickle.WriteByte((byte)'(');
            foreach (var number in numbers)
            {
                Number(number);
            }

            pickle.WriteByte((byte)'t');
        }

        // LONG1: any size in little-endian two's complement.
        void Number(long number)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            pickle.Write([0x8a, 8]);
            pickle.Write(bytes);
        }
    }

    private static string StorageOf(ScalarType type, string name) => type switch
    {
        ScalarType.Float32 => "Float",
        ScalarType.Float64 => "Double",
        ScalarType.Float16 => "Half",
        ScalarType.BFloat16 => "BFloat16",
        ScalarType.Int64 => "Long",
        ScalarType.Int32 => "Int",
        ScalarType.Int16 => "Short",
        ScalarType.Int8 => "Char",
        ScalarType.Byte => "Byte",
        ScalarType.Bool => "Bool",
        _ => throw new WeightsException($"The tensor '{name}' of type {type} can't be saved for PyTorch: Duet writes {ElementTypes.Names}."),
    };

    private static long[] ContiguousStrides(long[] shape)
    {
        var strides = new long[shape.Length];
        var step = 1L;
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= Math.Max(1, shape[i]);
        }

        return strides;
    }
}
