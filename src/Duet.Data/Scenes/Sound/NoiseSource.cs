namespace Duet.Data.Scenes.Sound;

/// <summary>White noise, uniform with unit variance: xorshift, because a track needs a hundred thousand samples of it.</summary>
internal struct NoiseSource(ulong key)
{
    private const double Scale = 3.4641016151377544 / 4294967296.0;
    private ulong state = key | 1;

    public double Next()
    {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return ((uint)(state >> 32) * Scale) - 1.7320508075688772;
    }
}
