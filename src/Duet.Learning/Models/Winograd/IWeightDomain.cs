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

    /// <summary>Pixels above and left of a tile that its transform reads too, and pixels from side to side that it reads.</summary>
    static abstract (int Around, int Side) InputWindow { get; }

    /// <summary>Transforms tiles of the input, two tiles side by side.</summary>
    /// <param name="map">The map that they are read from.</param>
    /// <param name="windows">Where: sixteen pairs.</param>
    /// <param name="channels">How many: a multiple of sixteen.</param>
    /// <param name="to">Where the first pair goes at the first place, and others behind it: a word for each channel, the even tile's number in the lower half of each.</param>
    /// <param name="plane">Words from place to place.</param>
    static abstract void Input(ref readonly TiledMap map, TiledMap.Window* windows, int channels, uint* to, long plane);

    /// <summary>The same of the output's gradient, of whose tiles nothing around is read.</summary>
    /// <inheritdoc cref="Input" path="/param"/>
    static abstract void Gradient(ref readonly TiledMap map, TiledMap.Window* windows, int channels, uint* to, long plane);

    /// <summary>Makes sixteen filters' gradients of their sums: <see cref="WinogradTransforms.FilterGradients"/>.</summary>
    static abstract void Filters(float* sums, long plane, float* to);
}
