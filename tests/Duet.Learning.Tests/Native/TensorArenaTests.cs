using Duet.Data.Randomness;
using Duet.Learning.Native;
using Shouldly;
using Xunit;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Tests.Native;

public sealed class TensorArenaTests
{
    private const long Page = 4096;

    [Fact]
    public unsafe void Blocks_never_overlap_and_keep_what_is_written()
    {
        var arena = TensorArena.Reserve(64 << 20)!;
        var random = new KeyedRandom(1, 0, "arena", "test");
        var live = new List<(nint Address, int Size, byte Mark)>();
        for (var i = 0; i < 5000; i++)
        {
            if (live.Count > 0 && random.NextDouble() < 0.5)
            {
                var index = (int)random.NextInteger(live.Count);
                var (address, size, mark) = live[index];
                new ReadOnlySpan<byte>((void*)address, size).IndexOfAnyExcept(mark).ShouldBe(-1);
                arena.Give(address).ShouldBeTrue();
                live.RemoveAt(index);
            }
            else
            {
                var size = 1 + (int)random.NextInteger(300_000);
                var address = arena.Take(size);
                if (address == 0)
                {
                    live.Sum(b => (long)b.Size).ShouldBeGreaterThan(20 << 20, "the arena says that it is full");
                    continue;
                }

                var mark = (byte)i;
                new Span<byte>((void*)address, size).Fill(mark);
                live.Add((address, size, mark));
            }
        }

        foreach (var (address, _, _) in live)
        {
            arena.Give(address).ShouldBeTrue();
        }

        // All of it is one block again.
        arena.Take(64 << 20).ShouldNotBe(0);
        arena.Take(1).ShouldBe(0);
    }

    [Fact]
    public void The_smallest_block_that_fits_is_taken()
    {
        var arena = TensorArena.Reserve(16 << 20)!;
        nint[] blocks = [arena.Take(8 * Page), arena.Take(Page), arena.Take(4 * Page), arena.Take(Page)];
        arena.Give(blocks[0]);
        arena.Give(blocks[2]);
        arena.Take(3 * Page).ShouldBe(blocks[2]);
        arena.Take(Page).ShouldBe(blocks[2] + (nint)(3 * Page));
        arena.Take(6 * Page).ShouldBe(blocks[0]);
        arena.Extent.ShouldBe(14 * Page);
    }

    [Fact]
    public void An_address_of_somebody_else_is_not_taken_back()
    {
        var arena = TensorArena.Reserve(1 << 20)!;
        var address = arena.Take(10);
        arena.Give(address + 1).ShouldBeFalse();
        arena.Give(address).ShouldBeTrue();
        arena.Give(address).ShouldBeFalse();
    }

    [Fact]
    public void Large_tensors_live_in_the_arena_and_small_ones_do_not()
    {
        TensorAllocator.Install().ShouldBeTrue();
        using var scope = NewDisposeScope();
        var size = (1 << 30) + 12_345L; // larger than anything before it, so that the arena must grow
        var before = TensorAllocator.Extent;
        using (NewDisposeScope())
        {
            var large = empty([size], ScalarType.Byte);
            TensorAllocator.Extent.ShouldBeGreaterThanOrEqualTo(size);
            large[^1] = 7;
            large[^1].item<byte>().ShouldBe((byte)7);
        }

        var grown = TensorAllocator.Extent;
        using (var again = empty([size], ScalarType.Byte))
        {
            again.numel().ShouldBe(size);
        }

        // Other tests may take some besides.
        TensorAllocator.Extent.ShouldBeLessThan(grown + size);
        zeros([100]).sum().item<float>().ShouldBe(0);
        TensorAllocator.Extent.ShouldBeGreaterThanOrEqualTo(before);
    }
}
