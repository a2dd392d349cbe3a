namespace Duet.Learning.Models.Winograd;

/// <summary>Where channels of a tile's pixels are read.</summary>
/// <param name="first">The first of its upper left pixel: bf16.</param>
/// <param name="down">Numbers from row to row.</param>
/// <param name="right">Numbers from pixel to pixel of a row.</param>
internal readonly unsafe struct TilePixels(ushort* first, long down, long right)
{
    /// <summary>The upper left pixel's.</summary>
    public readonly ushort* First = first;

    /// <summary>Numbers from row to row.</summary>
    public readonly long Down = down;

    /// <summary>Numbers from pixel to pixel of a row.</summary>
    public readonly long Right = right;
}
