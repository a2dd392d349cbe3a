namespace Duet.Learning.Models;

/// <summary>A stage of an encoder, readable as a feature.</summary>
/// <param name="Name"><c>conv1</c> to <c>conv5</c>.</param>
/// <param name="Channels">The channels of its map.</param>
public sealed record EncoderLayer(string Name, int Channels);
