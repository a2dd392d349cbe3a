using System.Text.Json;
using Duet.Learning.Weights;
using Duet.Learning.Weights.PyTorch;
using Shouldly;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Weights.PyTorch;

/// <summary>Checkpoints of both formats: PyTorch's own (Fixtures/make_checkpoints.py), and ones that lie.</summary>
public sealed class CheckpointTests
{
    private static readonly byte[] Four = new byte[16];

    internal static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "checkpoints", name);

    [Theory]
    [InlineData("zip")]
    [InlineData("legacy")]
    public void Everything_that_PyTorch_saves_reads_back(string format)
    {
        using var scope = NewDisposeScope();
        using var file = WeightsFile.Open(Fixture($"everything.{format}.pth"));
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Fixture("expected.json")));
        var tensors = expected.RootElement.GetProperty("everything");
        file.Format.ShouldBe($"pytorch {format}");
        file.Tensors.Select(t => t.Name).ShouldBe(tensors.EnumerateObject().Select(t => t.Name), ignoreOrder: true);
        foreach (var tensor in file.Tensors)
        {
            var reference = tensors.GetProperty(tensor.Name);
            tensor.Shape.ShouldBe(reference.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64()));
            var read = file.Read(tensor);
            read.dtype.ShouldBe(tensor.Type);
            read.shape.ShouldBe(tensor.Shape);
            read.is_contiguous().ShouldBeTrue();
            read.flatten().to(ScalarType.Float64).data<double>().ToArray().ShouldBe(reference.GetProperty("values").EnumerateArray().Select(v => v.GetDouble()), tensor.Name);
        }

        file.Tensors.Where(t => t.Name.StartsWith("types.", StringComparison.Ordinal)).Select(t => t.Type).ShouldBe(
            [ScalarType.Float32, ScalarType.Float64, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool]);
        file.Values.Select(v => $"{v.Name} {v.Value}").ShouldBe(
        [
            "list.1.0 1", "list.1.1 2", "list.2 None", "list.3 True", "list.4 1.5", "list.5 'text'", "list.6 1208925819614629174706176", "list.7 3 bytes",
            "set.0 1", "size.0 1", "size.1 2", "device torch.device", "type the type torch.float16", "numpy a NumPy number", "default.a.0 1", "5 6",
        ]);
    }

    [Theory]
    [InlineData(new long[] { 2, 2 }, new long[] { 2, 1 }, 4, 0, null)]
    [InlineData(new long[] { 2, 2 }, new long[] { 1, 2 }, 4, 0, null)]
    [InlineData(new long[] { 0, 1L << 60 }, new long[] { 1, 1 }, 4, 4, null)]
    [InlineData(new long[] { 1, 1, 2 }, new long[] { 0, 99, 1 }, 4, 2, null)]
    [InlineData(new long[] { 5 }, new long[] { 1 }, 4, 0, "reaches beyond")]
    [InlineData(new long[] { 2 }, new long[] { 4 }, 4, 0, "reaches beyond")]
    [InlineData(new long[] { 4 }, new long[] { 1 }, 4, 1, "reaches beyond")]
    [InlineData(new long[] { 1 }, new long[] { 1 }, 4, 4, "reaches beyond")]
    [InlineData(new long[] { 0 }, new long[] { 1 }, 4, 5, "begins after")]
    [InlineData(new long[] { 1L << 40 }, new long[] { 0 }, 4, 0, "more than once")]
    [InlineData(new long[] { 2, 3 }, new long[] { 1, 1 }, 4, 0, "more than once")]
    [InlineData(new long[] { 2, 2 }, new long[] { 1, 1 }, 4, 0, "more than once")]
    [InlineData(new long[] { 1L << 62, 1L << 62 }, new long[] { 1L << 62, 1 }, 4, 0, "more elements than")]
    [InlineData(new long[] { 0, 1L << 62, 1L << 62 }, new long[] { 1, 1, 1 }, 4, 0, "more elements than")]
    [InlineData(new long[] { -1 }, new long[] { 1 }, 4, 0, "no tensor has")]
    [InlineData(new long[] { 2 }, new long[] { -1 }, 4, 3, "no tensor has")]
    [InlineData(new long[] { 2 }, new long[] { 1 }, 4, -1, "no tensor has")]
    [InlineData(new long[] { 2 }, new long[] { 1, 1 }, 4, 0, "no tensor has")]
    [InlineData(new long[] { 1 }, new long[] { 1 }, 5, 0, "should have 20 bytes")]
    [InlineData(new long[] { 1 }, new long[] { 1 }, 3, 0, "should have 12 bytes")]
    [InlineData(new long[] { 1 }, new long[] { 1 }, long.MaxValue, 0, "refers to numbers in a way")]
    [InlineData(new long[] { 1 }, new long[] { 1 }, -1, 0, "refers to numbers in a way")]
    public void Sizes_strides_and_offsets_are_checked_before_memory_is_taken(long[] shape, long[] strides, long elements, long offset, string? message)
    {
        var pickle = PickleBytes.OneTensor(shape, strides, elements, offset);
        foreach (var bytes in new[] { Checkpoints.Zip(pickle, ("data/0", Four)), Checkpoints.Legacy(pickle, ("0", elements, Four)) })
        {
            if (message is null)
            {
                using var file = Checkpoints.Open(bytes);
                using var read = file.Read(file.Tensors.Single());
                read.shape.ShouldBe(shape);
            }
            else
            {
                // A storage that is too short is the older format's last, so that what it should have is what is left.
                var error = Should.Throw<WeightsException>(() => Checkpoints.Open(bytes)).Message;
                (error.Contains(message, StringComparison.Ordinal) || (elements == 3 && error.Contains("4 bytes follow its last storage", StringComparison.Ordinal))).ShouldBeTrue(error);
            }
        }
    }

    [Fact]
    public void More_than_64_axes_are_refused() =>
        Should.Throw<WeightsException>(() => Checkpoints.Open(Checkpoints.Zip(PickleBytes.OneTensor([.. Enumerable.Repeat(1L, 65)], [.. Enumerable.Repeat(1L, 65)], 4), ("data/0", Four)))).Message.ShouldContain("no tensor has");

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("1")]
    [InlineData("")]
    public void A_storage_lies_in_the_archive_or_nowhere(string key)
    {
        var pickle = new PickleBytes().Tensor([4], [1], 4, key: key).End();
        Should.Throw<WeightsException>(() => Checkpoints.Open(Checkpoints.Zip(pickle, ("data/0", Four)))).Message.ShouldContain("should have 16 bytes, and its archive has none");
    }

    [Fact]
    public void One_storage_has_one_type_and_size()
    {
        var pickle = new PickleBytes().Op("](").Tensor([4], [1], 4).Tensor([2], [1], 2, storage: "DoubleStorage").Op("e").End();
        Should.Throw<WeightsException>(() => Checkpoints.Open(Checkpoints.Zip(pickle, ("data/0", Four)))).Message.ShouldContain("described in two ways");
        var complex = new PickleBytes().Tensor([2], [1], 2, storage: "ComplexFloatStorage").End();
        Should.Throw<WeightsException>(() => Checkpoints.Open(Checkpoints.Zip(complex, ("data/0", Four)))).Message.ShouldContain("torch.ComplexFloatStorage");
    }

    [Fact]
    public void A_bool_is_0_or_1()
    {
        var pickle = new PickleBytes().Tensor([2], [1], 2, storage: "BoolStorage").End();
        using var file = Checkpoints.Open(Checkpoints.Zip(pickle, ("data/0", [1, 2])));
        Should.Throw<WeightsException>(() => file.Read(file.Tensors[0])).Message.ShouldContain("neither 0 nor 1");
    }

    [Fact]
    public void Numbers_from_a_machine_of_the_other_byte_order_are_refused()
    {
        var pickle = PickleBytes.OneTensor([4], [1], 4);
        Should.Throw<WeightsException>(() => Checkpoints.Open(Checkpoints.Zip(pickle, ("byteorder", "big"u8.ToArray()), ("data/0", Four)))).Message.ShouldContain("byte order 'big'");
        var legacy = Checkpoints.Legacy(pickle, ("0", 4, Four));
        var flag = Checkpoints.Find(legacy, "little_endian"u8) + "little_endian".Length;
        legacy[flag].ShouldBe((byte)0x88);
        Should.Throw<WeightsException>(() => Checkpoints.Open(Checkpoints.Patched(legacy, flag, 0x89))).Message.ShouldContain("byte order 'big'");
    }

    [Fact]
    public void The_older_formats_storages_are_those_that_it_describes()
    {
        var pickle = PickleBytes.OneTensor([4], [1], 4);
        Checkpoints.Open(Checkpoints.Legacy(pickle, ("0", 4, Four))).Dispose();
        Refusal(Checkpoints.Legacy(pickle)).ShouldContain("does not list all");
        Refusal(Checkpoints.Legacy(pickle, ("1", 4, Four))).ShouldContain("that nothing refers to");
        Refusal(Checkpoints.Legacy(pickle, ("0", 4, Four), ("0", 4, Four))).ShouldContain("lists a storage twice");
        Refusal(Checkpoints.Legacy(pickle, ("0", 5, Four))).ShouldContain("does not have the 4 elements");
        Refusal([.. Checkpoints.Legacy(pickle, ("0", 4, Four)), 0]).ShouldContain("1 bytes follow");
        Refusal(Checkpoints.Patched(Checkpoints.Legacy(pickle, ("0", 4, Four)), LegacyLayout.FirstBytes.Length + 4, 0xea)).ShouldContain("magic number and version");
    }

    [Theory]
    [InlineData("zip")]
    [InlineData("legacy")]
    public void A_file_that_is_cut_anywhere_is_one_clear_error(string format)
    {
        var pickle = PickleBytes.OneTensor([4], [1], 4);
        var whole = format == "zip" ? Checkpoints.Zip(pickle, ("data/0", Four)) : Checkpoints.Legacy(pickle, ("0", 4, Four));
        Checkpoints.Open(whole).Dispose();
        for (var length = 0; length < whole.Length; length++)
        {
            Should.Throw<WeightsException>(() => Checkpoints.Open(whole[..length]), $"{length} bytes");
        }
    }

    [Theory]
    [InlineData("\u001f\u008b", "gzip")]
    [InlineData("\u0089HDF\r\n", "HDF5")]
    [InlineData("\u0093NUMPY", "NumPy")]
    [InlineData("<!DOCTYPE html>", "web page")]
    [InlineData("\u0080\u0004\u0095", "torch.save did not write")]
    [InlineData("something else", "not known here")]
    [InlineData("", "empty")]
    public void Other_formats_are_named(string begin, string message) =>
        Refusal([.. System.Text.Encoding.Latin1.GetBytes(begin)]).ShouldContain(message);

    [Fact]
    public void The_oldest_format_is_named()
    {
        var tar = new byte[1024];
        "sys_info"u8.CopyTo(tar);
        "ustar"u8.CopyTo(tar.AsSpan(257));
        Refusal(tar).ShouldContain("before 0.1.10");
    }

    private static string Refusal(byte[] bytes) => Should.Throw<WeightsException>(() => Checkpoints.Open(bytes)).Message;
}
