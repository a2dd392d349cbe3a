using Duet.Data.Randomness;

namespace Duet.Data.Scenes;

/// <summary>A random stream that can be handed around: <see cref="KeyedRandom"/> by reference, with the distributions that scenes need.</summary>
internal sealed class Dice(long seed, string sample, string purpose)
{
    private KeyedRandom random = new(seed, 0, sample, purpose);

    public double Uniform(double low, double high) => random.NextDouble(low, high);

    /// <summary>Uniform in the logarithm: as many octaves below the geometric mean as above.</summary>
    public double LogUniform(double low, double high) => Math.Exp(random.NextDouble(Math.Log(low), Math.Log(high)));

    public int Integer(int exclusiveMaximum) => (int)random.NextInteger(exclusiveMaximum);

    /// <summary>An integer in [<paramref name="low"/>, <paramref name="high"/>], both included.</summary>
    public int Integer(int low, int high) => low + (int)random.NextInteger(high - low + 1);

    public bool Chance(double probability) => random.NextBoolean(probability);

    public double Sign() => random.NextBoolean() ? 1 : -1;

    public double Normal() => random.NextNormal();

    public T Pick<T>(IReadOnlyList<T> items) => items[Integer(items.Count)];

    /// <summary>Another index than <paramref name="last"/>, where there is one.</summary>
    public int Other(int count, int last) => count < 2 || last < 0 ? Integer(count) : (last + 1 + Integer(count - 1)) % count;

    public ulong Key() => random.NextUInt64();
}
