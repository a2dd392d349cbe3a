using System.Numerics;
using Duet.Learning.Weights;
using Duet.Learning.Weights.PyTorch;
using Shouldly;
using Xunit;

namespace Duet.Learning.Tests.Weights.PyTorch;

public sealed class PickleReaderTests
{
    public static TheoryData<string, string, string> Foreign => new()
    {
        { "os", "system", "os.system" },
        { "posix", "system", "posix.system" },
        { "subprocess", "Popen", "subprocess.Popen" },
        { "builtins", "eval", "builtins.eval" },
        { "builtins", "getattr", "builtins.getattr" },
        { "builtins", "__import__", "builtins.__import__" },
        { "__builtin__", "exec", "__builtin__.exec" },
        { "torch", "load", "torch.load" },
        { "torch.hub", "load", "torch.hub.load" },
        { "torch._utils", "_rebuild_sparse_tensor", "torch._utils._rebuild_sparse_tensor" },
        { "torch._utils", "_rebuild_tensor_v2.__globals__", "torch._utils._rebuild_tensor_v2.__globals__" },
        { "collections", "OrderedDict.__class__", "collections.OrderedDict.__class__" },
        { "mymodel", "Net", "mymodel.Net" },
        { "numpy.core.multiarray", "_reconstruct", "numpy.core.multiarray._reconstruct" },
    };

    [Theory]
    [MemberData(nameof(Foreign))]
    public void Foreign_names_are_refused_by_name(string module, string name, string shown)
    {
        byte[][] ways =
        [
            new PickleBytes().Global(module, name).End(),
            new PickleBytes().Text(module).Text(name).Op(0x93).End(), // STACK_GLOBAL
            new PickleBytes().Op("}").Text("weight").Global(module, name).Op(")Rs").End(),
            [.. new PickleBytes().Global(module, name).Op("(").Text("touch x").Op("tR").End()],
        ];
        foreach (var way in ways)
        {
            var message = Refusal(way);
            message.ShouldContain($"'{shown}', which is not on the list");
            message.ShouldContain("torch.save(model.state_dict()");
        }
    }

    [Theory]
    [InlineData("ios\nsystem\n", "INST")]
    [InlineData("(cos\nsystem\n", "os.system")]
    [InlineData("(o", "OBJ")]
    [InlineData(")\u0081", "NEWOBJ")]
    [InlineData("))}\u0092", "NEWOBJ_EX")]
    [InlineData("\u0082\u0001", "EXT1")]
    [InlineData("\u0083\u0001\u0001", "EXT2")]
    [InlineData("\u0084\u0001\u0001\u0001\u0001", "EXT4")]
    [InlineData("P0\n", "PERSID")]
    [InlineData("I1\n", "INT")]
    [InlineData("L1L\n", "LONG")]
    [InlineData("S'x'\n", "STRING")]
    [InlineData("\u0096", "BYTEARRAY8")]
    [InlineData("\u0097", "NEXT_BUFFER")]
    [InlineData("\u00ff", "unknown instruction 0xff")]
    [InlineData("]}b", "BUILD")]
    [InlineData("ccollections\nOrderedDict\n}b", "BUILD")]
    [InlineData("ccollections\nOrderedDict\nK\u0001\u0085R", "with arguments that it can't have")]
    [InlineData("ctorch\nFloatStorage\n)R", "with arguments that it can't have")]
    [InlineData("cbuiltins\nint\n)R", "with arguments that it can't have")]
    [InlineData("ctorch\nSize\n)R", "with arguments that it can't have")]
    [InlineData("])R", "no known type")]
    [InlineData("NQ", "refers to numbers in a way")]
    public void Other_instructions_are_refused_by_name(string code, string message) => Refusal(new PickleBytes().Op(code).End()).ShouldContain(message);

    /// <summary>Hooks are code.</summary>
    [Fact]
    public void A_tensor_with_hooks_is_refused() => Refusal(
        new PickleBytes().Global("torch._utils", "_rebuild_tensor_v2").Op("(").Storage(1).Number(0).Tuple(1).Tuple(1).Op(0x89).Op("}").Text("hook").Op("NstR").End())
        .ShouldContain("with arguments that it can't have");

    [Theory]
    [InlineData("0", "never made")]
    [InlineData("(0", "never made")]
    [InlineData("t", "never set")]
    [InlineData("\u0086", "more values than it made")]
    [InlineData("]K\u0001K\u0002s", "no dictionary")]
    [InlineData("}K\u0001a", "no list")]
    [InlineData("}(K\u0001u", "without a value")]
    [InlineData("h\u0005", "memo")]
    [InlineData("Nj\u0001", "ends in the middle")]
    [InlineData("X\u00ff\u00ff\u00ff\u007fab", "ends in the middle")]
    [InlineData("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f", "ends in the middle")]
    [InlineData("X\u0002\u0000\u0000\u0000\u00ff\u00ff", "not UTF-8")]
    [InlineData("\u008a\u0011aaaaaaaaaaaaaaaaa", "integer of 17 bytes")]
    [InlineData("\u008b\u00ff\u00ff\u00ff\u007f", "integer of 2147483647 bytes")]
    [InlineData("NN", "values left over")]
    [InlineData("(N", "values left over")]
    [InlineData("\u0080\u0001N", "protocol 1")]
    public void Damage_is_named(string code, string message) => Refusal(new PickleBytes().Op(code).End()).ShouldContain(message);

    [Fact]
    public void Plain_values_are_read()
    {
        var pickle = new PickleBytes().Op("(K\u0007M\u0001\u0002J\u00ff\u00ff\u00ff\u00ffNG\u003f\u00f8\u0000\u0000\u0000\u0000\u0000\u0000\u0088\u0089")
            .Number(-5).Op("\u008a\u000a\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0019").Text("naïve").Op("C\u0002hi")
            .Op("t").End();
        var items = Read(pickle).ShouldBeOfType<PickleTuple>().Items;
        items[..9].ShouldBe([7L, 513L, -1L, null, 1.5, true, false, -5L, BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture)]);
        items[9].ShouldBe("naïve");
        items[10].ShouldBe("hi"u8.ToArray());
    }

    [Fact]
    public void A_pickle_of_nothing_but_steps_ends()
    {
        var steps = new byte[5_000_000];
        Array.Fill(steps, (byte)'N');
        Refusal([0x80, 2, .. steps, (byte)'.']).ShouldContain("steps");
    }

    [Fact]
    public void Lists_that_double_and_lists_that_hold_themselves_are_refused()
    {
        // Each list holds the one before it twice: 24 short steps describe 2^24 parts.
        var doubling = new PickleBytes().Op("]q\u0000");
        for (byte i = 0; i < 24; i++)
        {
            doubling.Op("0](").Op((byte)'h', i).Op((byte)'h', i).Op("e").Op((byte)'q', (byte)(i + 1));
        }

        Opening(doubling.End()).ShouldContain("parts");
        Opening(new PickleBytes().Op("]q\u0000h\u0000a").End()).ShouldContain("holds itself");
        Opening(new PickleBytes().Op(string.Concat(Enumerable.Repeat("](", 100)) + string.Concat(Enumerable.Repeat("e", 100))).End()).ShouldContain("nested more than 32 deep");
    }

    [Fact]
    public void Names_can_not_be_multiplied()
    {
        // One long key over a list of one tensor, referred to 40 000 times: as names, 80 MB from 0.1 MB.
        var pickle = new PickleBytes().Op("}").Text(new string('k', 1000)).Op("](").Tensor([1], [1], 1).Op((byte)'q', 0);
        for (var i = 0; i < 40_000; i++)
        {
            pickle.Op((byte)'h', 0);
        }

        Opening(pickle.Op("es").End()).ShouldContain("longer than its description");
        Opening(PickleBytes.OneTensor([1], [1], 1, name: new string('k', 2000))).ShouldContain("more than 1024 characters");
        Opening(new PickleBytes().Op("}").Text("a").Tensor([1], [1], 1).Op("s").Text("a").Tensor([1], [1], 1).Op("s").End()).ShouldContain("'a' twice");
    }

    [Fact]
    public void Values_under_a_long_key_cost_no_names()
    {
        var pickle = new PickleBytes().Op("}").Text(new string('k', 1000)).Op("](").Op(new string('N', 200_000)).Op("es").End();
        var bytes = Checkpoints.Zip(pickle);
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var file = Checkpoints.Open(bytes);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(128L * bytes.Length);
        (file.ValueCount, file.Values.Count).ShouldBe((200_000, 200));
    }

    private static object? Read(byte[] pickle)
    {
        using var stream = new MemoryStream(pickle);
        return PickleReader.Read(stream, "bytes.pkl", new StorageTable("bytes.pkl"));
    }

    private static string Refusal(byte[] pickle)
    {
        using var stream = new MemoryStream(pickle);
        var error = Should.Throw<WeightsException>(() => PickleReader.Read(stream, "bytes.pkl", new StorageTable("bytes.pkl")));
        error.Message.ShouldContain("'bytes.pkl'");
        return error.Message;
    }

    private static string Opening(byte[] pickle) => Should.Throw<WeightsException>(() => Checkpoints.Open(Checkpoints.Zip(pickle, ("data/0", new byte[4])))).Message;
}
