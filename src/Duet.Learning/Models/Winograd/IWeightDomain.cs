namespace Duet.Learning.Models.Winograd;

/// <summary>Where the products of a weight's gradient are made: the tiles of a map, what becomes of them before, and of the sums after.</summary>
internal unsafe interface IWeightDomain
{
    /// <summary>A tile's pixels of the output from side to side.</summary>
    static abstract int Side { get; }

    /// <summary>Numbers of a channel that a tile becomes; each has a product of its own.</summary>
    static abstract int Places { get; }

    /// <summary>Numbers of a filter in one frame.</summary>
    static abstract int FilterNumbers { get; }

    /// <summary>What a chunk of tiles may take, input and gradient together, where that is not little beside the sums.</summary>
    static abstract long ChunkBytes { get; }

    /// <summary>Input channels of one product that is added to the sums.</summary>
    static abstract int ProductRows { get; }

    /// <summary>Transforms tiles of the input: <see cref="WinogradTiles.Input"/>.</summary>
    static abstract void Input(ref readonly TileShape shape, ushort* map, int channels, int padded, long first, int count, int frame, ushort* to, long plane, ushort* border);

    /// <summary>Transforms tiles of the output's gradient: <see cref="WinogradTiles.Gradient"/>.</summary>
    static abstract void Gradient(ref readonly TileShape shape, ushort* map, int channels, int padded, long first, int count, int frame, ushort* to, long plane, ushort* border);

    /// <summary>Makes sixteen filters' gradients of their sums: <see cref="WinogradTransforms.FilterGradients"/>.</summary>
    static abstract void Filters(float* sums, long plane, float* to);
}
