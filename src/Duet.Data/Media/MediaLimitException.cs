namespace Duet.Data.Media;

/// <summary>A file would cost more than it may.</summary>
/// <param name="message">Which limit, and how to raise it.</param>
internal sealed class MediaLimitException(string message) : Exception(message);
