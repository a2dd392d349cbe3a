using Duet.Data.Files;

namespace Duet.Learning.Training;

/// <summary>Files that a run writes to all the time.</summary>
internal static class RunFile
{
    /// <summary>
    /// Closes a file of which every write was flushed: what is still waiting then is what could not be written, and has been told. Closing tries
    /// it again, and its error would take that one's place.
    /// </summary>
    /// <param name="stream">The file.</param>
    public static void Close(Stream stream)
    {
        try
        {
            stream.Dispose();
        }
        catch (Exception e) when (FileWriteException.Explains(e))
        {
        }
    }
}
