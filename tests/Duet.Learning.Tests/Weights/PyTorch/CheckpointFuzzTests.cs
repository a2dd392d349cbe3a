using System.Text;
using Duet.Learning.Weights;
using Duet.Learning.Weights.PyTorch;
using Duet.Tests.Shared.Fuzzing;
using Shouldly;
using Xunit;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Weights.PyTorch;

/// <summary>
/// Damaged files through every reader of weights. By hand for as long as wanted:
/// <c>DUET_FUZZ_SECONDS=3600 DUET_FUZZ_SEED=7 Duet.Learning.Tests -class Duet.Learning.Tests.Weights.PyTorch.CheckpointFuzzTests</c>.
/// </summary>
[Trait("Category", "Slow")]
public sealed class CheckpointFuzzTests
{
    /// <summary>A buffer, a tail in which the archive's end is looked for, and tables that grow by doubling.</summary>
    private const int Fixed = 1 << 18;

    private static readonly byte[][] Words =
    [
        .. "cos\nsystem\n;R;b;Q;};];);(;t;u;e;a;s;.;N;0;2;PK\u0001\u0002;PK\u0003\u0004;PK\u0005\u0006;PK\u0006\u0006;archive/;../;data.pkl;FloatStorage\n;torch._utils\n_rebuild_tensor_v2\n;cOrderedDict\n;\"dtype\":;\"F32\";[0,8];{};\u0093;\u0094;\u0081;\u008a\u00ff;\u008b\u00ff\u00ff\u00ff\u007f"
            .Split(';').Select(Encoding.Latin1.GetBytes),
    ];

    private static byte[] Everything(string format) => File.ReadAllBytes(CheckpointTests.Fixture($"everything.{format}.pth"));

    [Fact]
    public void Archives() => Fuzz("zip", 30_000, [Everything("zip"), Checkpoints.Zip(PickleBytes.OneTensor([2, 2], [2, 1], 4), ("data/0", new byte[16]))]);

    [Fact]
    public void Older_checkpoints() => Fuzz("legacy", 40_000, [Everything("legacy"), Checkpoints.Legacy(PickleBytes.OneTensor([2, 2], [2, 1], 4), ("0", 4, new byte[16]))]);

    /// <summary>The damage is done to the pickle, and the archive around it is whole: its checksum would refuse nearly all else.</summary>
    [Fact]
    public void Pickles_in_whole_archives()
    {
        var everything = Everything("zip");
        using var stream = new MemoryStream(everything);
        var entries = StoredZip.Read(stream, "x");
        byte[] Content(string ending)
        {
            var entry = entries.Single(e => e.Name.EndsWith(ending, StringComparison.Ordinal));
            return everything[(int)entry.Start..(int)(entry.Start + entry.Length)];
        }

        (string, byte[])[] storages = [.. entries.Where(e => e.Name.Contains("/data/", StringComparison.Ordinal)).Select(e => e.Name[(e.Name.IndexOf('/') + 1)..]).Select(n => (n, Content(n)))];
        Fuzz("pickle", 40_000, [Content("data.pkl"), PickleBytes.OneTensor([2, 2], [2, 1], 4)], pickle => Checkpoints.Zip(pickle, storages));
    }

    [Fact]
    public void Safetensors()
    {
        using var scope = NewDisposeScope();
        using var stream = new MemoryStream();
        SafeTensors.Write(
            stream,
            new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["a"] = ones([2, 3]), ["b.c"] = zeros([2], dtype: ScalarType.Int64), ["d"] = zeros([0, 2], dtype: ScalarType.Bool) },
            new Dictionary<string, string>(StringComparer.Ordinal) { ["key"] = "value \u706b" });
        Fuzz("safetensors", 60_000, [stream.ToArray()]);
    }

    private static void Fuzz(string name, int inputs, byte[][] samples, Func<byte[], byte[]>? wrap = null)
    {
        var fuzzer = new MutationFuzzer(name, samples) { Words = Words, Wrap = wrap ?? (bytes => bytes), AllocationLimit = length => Fixed + (128L * length) };
        var result = fuzzer.Run(inputs, bytes =>
        {
            using var file = Checkpoints.Open(bytes);
            foreach (var tensor in file.Tensors)
            {
                // What lies outside the managed heap: a tensor is at most as large as the file.
                if (tensor.Bytes > bytes.Length)
                {
                    throw new InvalidOperationException($"{tensor.Name} takes {tensor.Bytes} bytes");
                }

                file.Read(tensor).Dispose();
            }
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {result.Inputs} inputs, {result.Accepted} read, {result.Refused} refused, at most {result.MostAllocated} bytes allocated");
        result.Refused.ShouldBeGreaterThan(result.Inputs / 4);
        result.Accepted.ShouldBeGreaterThan(result.Inputs / 100);
    }
}
