using System.Text;

namespace Duet.Learning.Tests.Weights.PyTorch;

/// <summary>Writes pickles by hand, whole ones and impossible ones.</summary>
internal sealed class PickleBytes
{
    private readonly List<byte> bytes = [];

    public PickleBytes() => Op(0x80, 2);

    /// <summary>The bytes with the end marked.</summary>
    public byte[] End() => [.. bytes, (byte)'.'];

    public PickleBytes Op(params ReadOnlySpan<byte> code)
    {
        bytes.AddRange(code);
        return this;
    }

    public PickleBytes Op(string code) => Op(Encoding.Latin1.GetBytes(code));

    public PickleBytes Global(string module, string name) => Op($"c{module}\n{name}\n");

    public PickleBytes Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return Op([(byte)'X', .. BitConverter.GetBytes(utf8.Length), .. utf8]);
    }

    public PickleBytes Number(long number) => Op([0x8a, 8, .. BitConverter.GetBytes(number)]);

    public PickleBytes Tuple(params long[] numbers)
    {
        Op("(");
        foreach (var number in numbers)
        {
            Number(number);
        }

        return Op("t");
    }

    /// <summary>A tensor as torch.save writes it; every part of it may lie.</summary>
    public PickleBytes Tensor(long[] shape, long[] strides, long elements, long offset = 0, string key = "0", string storage = "FloatStorage") =>
        Global("torch._utils", "_rebuild_tensor_v2").Op("(").Storage(elements, key, storage)
            .Number(offset).Tuple(shape).Tuple(strides).Op(0x89).Global("collections", "OrderedDict").Op(")RtR");

    public PickleBytes Storage(long elements, string key = "0", string storage = "FloatStorage") =>
        Op("(").Text("storage").Global("torch", storage).Text(key).Text("cpu").Number(elements).Op("tQ");

    /// <summary>A dictionary of one tensor.</summary>
    public static byte[] OneTensor(long[] shape, long[] strides, long elements, long offset = 0, string name = "weight") =>
        new PickleBytes().Op("}").Text(name).Tensor(shape, strides, elements, offset).Op("s").End();

    /// <summary>What runs a command wherever a pickle is trusted.</summary>
    public static byte[] Command(string command) => new PickleBytes().Global("os", "system").Op("(").Text(command).Op("tR").End();
}
