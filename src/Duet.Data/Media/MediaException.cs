namespace Duet.Data.Media;

/// <summary>ffmpeg or ffprobe can't make sense of a file. Ingest quarantines the file; it is no error of the run.</summary>
/// <param name="message">What the tool said, in a few words.</param>
internal sealed class MediaException(string message) : Exception(message);
