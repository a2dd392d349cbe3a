using System.Buffers.Binary;
using Shouldly;

namespace Duet.Data.Tests.Store.Broken;

/// <summary>What breaks files.</summary>
internal static class Bytes
{
    /// <summary>The first part of a file.</summary>
    public static void Cut(string from, string to, int percent)
    {
        var bytes = File.ReadAllBytes(from);
        File.WriteAllBytes(to, bytes[..(int)((long)bytes.Length * percent / 100)]);
    }

    /// <summary>A file up to the last place where some bytes stand.</summary>
    public static void CutAt(string from, string to, ReadOnlySpan<byte> mark, int before)
    {
        var bytes = File.ReadAllBytes(from);
        var at = bytes.AsSpan().LastIndexOf(mark);
        at.ShouldBeGreaterThan(0);
        File.WriteAllBytes(to, bytes[..(at - before)]);
    }

    /// <summary>A file with a name in it changed.</summary>
    public static void Rename(string from, string to, ReadOnlySpan<byte> mark, ReadOnlySpan<byte> by)
    {
        var bytes = File.ReadAllBytes(from);
        var at = bytes.AsSpan().IndexOf(mark);
        at.ShouldBeGreaterThanOrEqualTo(0);
        by.CopyTo(bytes.AsSpan(at));
        File.WriteAllBytes(to, bytes);
    }

    /// <summary>A file with single bits turned over, spread at random over a stretch of it.</summary>
    public static void Flip(string from, string to, int seed, double begin, double end, int count)
    {
        var bytes = File.ReadAllBytes(from);
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
        {
            bytes[(int)(bytes.Length * (begin + (random.NextDouble() * (end - begin))))] ^= (byte)(1 << random.Next(8));
        }

        File.WriteAllBytes(to, bytes);
    }

    /// <summary>A file with a stretch of it overwritten with noise.</summary>
    public static void Tear(string from, string to, double begin, double end)
    {
        var bytes = File.ReadAllBytes(from);
        new Random(1).NextBytes(bytes.AsSpan((int)(bytes.Length * begin)..(int)(bytes.Length * end)));
        File.WriteAllBytes(to, bytes);
    }

    /// <summary>An MP4 with the same media and another content: an empty box at its end says so.</summary>
    public static void Vary(string from, string to, string mark)
    {
        var text = System.Text.Encoding.UTF8.GetBytes(mark);
        var box = new byte[8 + text.Length];
        BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
        "free"u8.CopyTo(box.AsSpan(4));
        text.CopyTo(box, 8);
        File.WriteAllBytes(to, [.. File.ReadAllBytes(from), .. box]);
    }
}
