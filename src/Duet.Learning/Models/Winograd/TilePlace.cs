namespace Duet.Learning.Models.Winograd;

/// <summary>Where a tile lies in a map.</summary>
/// <param name="Frame">The frame's first pixel, in pixels from the map's beginning.</param>
/// <param name="Top">The tile's upper row in the frame.</param>
/// <param name="Left">Its left column.</param>
internal readonly record struct TilePlace(long Frame, int Top, int Left);
