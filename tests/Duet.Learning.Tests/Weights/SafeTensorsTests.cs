using System.Buffers.Binary;
using System.Text;
using Duet.Learning.Weights;
using Shouldly;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Weights;

public sealed class SafeTensorsTests
{
    [Fact]
    public void Every_type_and_shape_reads_back_to_the_same_bits()
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal)
        {
            ["f32"] = randn([3, 5]),
            ["f32.strided"] = randn([4, 6]).t(),
            ["f64"] = randn([2, 1, 3], dtype: ScalarType.Float64),
            ["f16"] = randn([7]).to(ScalarType.Float16),
            ["bf16"] = randn([7]).to(ScalarType.BFloat16),
            ["i64"] = tensor(new[] { long.MinValue, -1, long.MaxValue }),
            ["i32"] = tensor(new[] { int.MinValue, 5 }),
            ["u8"] = tensor(new byte[] { 0, 255, 3 }),
            ["bool"] = tensor(new[] { true, false }),
            ["scalar"] = tensor(3.5f),
            ["empty"] = zeros([0, 4]),
            ["naïve \"name\" 火"] = ones([1]),
        };
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["a"] = "1\n\"2\"", ["火"] = "" };
        using var stream = new MemoryStream();
        SafeTensors.Write(stream, tensors, metadata);
        stream.Position = 0;
        using var file = SafeTensors.Read(stream, "memory");
        file.Metadata.OrderBy(m => m.Key, StringComparer.Ordinal).ShouldBe(metadata.OrderBy(m => m.Key, StringComparer.Ordinal));
        file.Tensors.Keys.ShouldBe(tensors.Keys, ignoreOrder: true);
        foreach (var (name, expected) in tensors)
        {
            var actual = file.Tensors[name];
            actual.dtype.ShouldBe(expected.dtype, name);
            actual.shape.ShouldBe(expected.shape, name);
            actual.bytes.ToArray().ShouldBe(expected.contiguous().bytes.ToArray(), name);
        }
    }

    [Fact]
    public void The_bytes_are_the_formats()
    {
        using var scope = NewDisposeScope();
        using var stream = new MemoryStream();
        SafeTensors.Write(stream, new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["b"] = tensor(new byte[] { 7 }), ["a"] = tensor(new[] { 1f, 2f }) });
        const string Header = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}""";
        var padded = Header.PadRight((Header.Length + 7) / 8 * 8);
        stream.ToArray().ShouldBe([.. BitConverter.GetBytes((ulong)padded.Length), .. Encoding.UTF8.GetBytes(padded), 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 7]);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "begins at byte 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "begins at byte 2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "8 follow")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "does not take")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "does not take")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "numbers from 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "numbers from 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,4]}}""", 4, "does not take")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0,4611686018427387904,4611686018427387904],"data_offsets":[0,0]}}""", 0, "does not take")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}""", 4, "4 follow")]
    [InlineData("""{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown type")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "lacks")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", 4, "should not")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "twice")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "belongs")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "twice")]
    [InlineData("""{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}""", 1, "neither 0 nor 1")]
    [InlineData("""{} {}""", 0, "JSON")]
    [InlineData("""[]""", 0, "JSON")]
    [InlineData(""" {}""", 0, "JSON")]
    [InlineData("""{"\ud800":{}}""", 0, "JSON")]
    [InlineData("""{""", 0, "JSON")]
    public void Broken_rules_are_named(string header, int dataBytes, string message)
    {
        var error = Should.Throw<WeightsException>(() => Read(Encoding.UTF8.GetBytes(header), (ulong)Encoding.UTF8.GetByteCount(header), [.. Enumerable.Repeat((byte)9, dataBytes)]));
        error.Message.ShouldContain(message);
        error.Message.ShouldContain("bytes.safetensors");
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(100_000_001UL)]
    [InlineData(3UL)]
    public void A_headers_length_is_not_believed(ulong length) =>
        Should.Throw<WeightsException>(() => Read("{}"u8.ToArray(), length, [])).Message.ShouldContain("header should have");

    [Fact]
    public void A_file_that_is_cut_anywhere_or_missing_is_one_clear_error()
    {
        var whole = Sample();
        for (var length = 0; length < whole.Length; length++)
        {
            using var stream = new MemoryStream(whole[..length]);
            Should.Throw<WeightsException>(() => SafeTensors.Read(stream, "cut"));
        }

        Should.Throw<WeightsException>(() => SafeTensors.Read("/nowhere/x.safetensors")).Message.ShouldContain("can't be read");
    }

    [Fact]
    public void Random_damage_gives_tensors_or_a_weights_error_and_nothing_else()
    {
        var whole = Sample();
        var random = new Random(20);
        var (read, refused) = (0, 0);
        for (var i = 0; i < 5_000; i++)
        {
            var bytes = (byte[])whole.Clone();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                var at = random.Next(bytes.Length);
                bytes[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)"0123456789{}[]\",:"[random.Next(17)], _ => (byte)(bytes[at] ^ (1 << random.Next(8))) };
            }

            if (random.Next(4) == 0)
            {
                bytes = bytes[..random.Next(bytes.Length)];
            }

            try
            {
                using var stream = new MemoryStream(bytes);
                using var file = SafeTensors.Read(stream, "damaged");
                read++;
            }
            catch (WeightsException)
            {
                refused++;
            }
        }

        read.ShouldBeGreaterThan(100);
        refused.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void What_the_format_can_not_hold_is_refused_when_writing()
    {
        using var scope = NewDisposeScope();
        using var stream = new MemoryStream();
        Should.Throw<WeightsException>(() => SafeTensors.Write(stream, new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["c"] = zeros([1], dtype: ScalarType.ComplexFloat32) }));
        Should.Throw<WeightsException>(() => SafeTensors.Write(stream, new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["__metadata__"] = zeros([1]) }));
    }

    private static byte[] Sample()
    {
        using var scope = NewDisposeScope();
        using var stream = new MemoryStream();
        SafeTensors.Write(
            stream,
            new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["a"] = arange(6).reshape(2, 3), ["b"] = ones([2]), ["c"] = tensor(new[] { true }), ["d"] = zeros([3, 0]) },
            new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "value" });
        return stream.ToArray();
    }

    private static void Read(byte[] header, ulong length, byte[] data)
    {
        var prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, length);
        using var stream = new MemoryStream([.. prefix, .. header, .. data]);
        using var file = SafeTensors.Read(stream, "bytes.safetensors");
    }
}
