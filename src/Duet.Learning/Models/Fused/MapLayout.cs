using System.Numerics;

namespace Duet.Learning.Models.Fused;

/// <summary>
/// A channels-last map as a matrix whose columns fill whole vectors: with C channels, the numbers of channel c stand at c, c + C, c + 2C, ..., so a row of
/// lcm(C, 16) numbers begins with channel 0 at every vector's own lanes, whatever C is. What is left after the last whole row is the tail, whole positions too.
/// Rows are dealt out in blocks of a fixed size, so that sums do not depend on the number of threads.
/// </summary>
internal readonly struct MapLayout
{
    /// <summary>Numbers in a vector.</summary>
    public const int Lanes = 16;

    /// <summary>A block's numbers: two maps of them fit the second-level cache.</summary>
    private const int BlockNumbers = 32768;

    /// <summary>The most rows that are summed in 32 bits before the sums go on in 64.</summary>
    private const int MostRows = 256;
    private const int FewestRows = 8;

    /// <summary>Lays a map out.</summary>
    /// <param name="numbers">All its numbers.</param>
    /// <param name="channels">Its channels.</param>
    public MapLayout(long numbers, int channels)
    {
        Numbers = numbers;
        Channels = channels;
        Columns = channels / (int)BigInteger.GreatestCommonDivisor(channels, Lanes) * Lanes;
        Rows = numbers / Columns;
        BlockRows = Math.Clamp(BlockNumbers / Columns, FewestRows, MostRows);
        Blocks = Math.Max(1, (int)((Rows + BlockRows - 1) / BlockRows));
    }

    /// <summary>All numbers.</summary>
    public long Numbers { get; }

    /// <summary>Channels.</summary>
    public int Channels { get; }

    /// <summary>Numbers in a row: a multiple of the channels and of the lanes.</summary>
    public int Columns { get; }

    /// <summary>Whole rows.</summary>
    public long Rows { get; }

    /// <summary>Rows in a block; the last may have fewer.</summary>
    public int BlockRows { get; }

    /// <summary>Blocks; the last has the tail too.</summary>
    public int Blocks { get; }

    /// <summary>Numbers of a channel.</summary>
    public long Positions => Numbers / Channels;
}
