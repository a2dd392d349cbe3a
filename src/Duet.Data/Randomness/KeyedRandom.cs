namespace Duet.Data.Randomness;

/// <summary>
/// A random stream that is a pure function of (seed, epoch, sample id, purpose). Workers, their number and the order in
/// which they run can't change what it yields, and a resumed run draws what an uninterrupted one would have drawn.
/// The generator is xoshiro256** seeded through SplitMix64; the key is hashed with FNV-1a and mixed.
/// </summary>
public struct KeyedRandom
{
    private ulong s0;
    private ulong s1;
    private ulong s2;
    private ulong s3;

    /// <summary>Makes the stream for a key.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">The epoch, or 0 where the draw must not change between epochs.</param>
    /// <param name="sampleId">What the draw is for: a video's id, a clip's id, or a fixed name.</param>
    /// <param name="purpose">What is drawn (<c>"window"</c>, <c>"crop"</c>, ...): two purposes are independent streams.</param>
    public KeyedRandom(long seed, long epoch, string sampleId, string purpose)
    {
        ArgumentNullException.ThrowIfNull(sampleId);
        ArgumentNullException.ThrowIfNull(purpose);
        var hash = 14695981039346656037UL;
        hash = Hash(hash, unchecked((ulong)seed));
        hash = Hash(hash, unchecked((ulong)epoch));
        hash = Hash(hash, sampleId);
        hash = Hash(hash, purpose);
        s0 = SplitMix(ref hash);
        s1 = SplitMix(ref hash);
        s2 = SplitMix(ref hash);
        s3 = SplitMix(ref hash);
    }

    /// <summary>The next 64 random bits.</summary>
    public ulong NextUInt64()
    {
        var result = ulong.RotateLeft(s1 * 5, 7) * 9;
        var t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = ulong.RotateLeft(s3, 45);
        return result;
    }

    /// <summary>A double in [0, 1), from 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A double in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double NextDouble(double low, double high) => low + ((high - low) * NextDouble());

    /// <summary>An integer in [0, <paramref name="exclusiveMaximum"/>), without bias.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public long NextInteger(long exclusiveMaximum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMaximum);
        var bound = (ulong)exclusiveMaximum;
        var threshold = unchecked(0UL - bound) % bound;
        while (true)
        {
            var high = Math.BigMul(NextUInt64(), bound, out var low);
            if (low >= threshold)
            {
                return (long)high;
            }
        }
    }

    /// <summary>True with the given probability.</summary>
    public bool NextBoolean(double probability = 0.5) => NextDouble() < probability;

    /// <summary>A sample of the standard normal distribution (Box-Muller).</summary>
    public double NextNormal()
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>Shuffles in place (Fisher-Yates).</summary>
    /// <param name="items">What to shuffle.</param>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = (int)NextInteger(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Hash(ulong hash, ulong value)
    {
        for (var i = 0; i < 8; i++)
        {
            hash = (hash ^ (byte)(value >> (8 * i))) * 1099511628211UL;
        }

        return hash;
    }

    private static ulong Hash(ulong hash, string text)
    {
        foreach (var c in text)
        {
            hash = (hash ^ (byte)c) * 1099511628211UL;
            hash = (hash ^ (byte)(c >> 8)) * 1099511628211UL;
        }

        return Hash(hash, (ulong)text.Length);
    }

    private static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
