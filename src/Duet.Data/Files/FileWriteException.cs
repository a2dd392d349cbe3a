namespace Duet.Data.Files;

/// <summary>A file or folder could not be written: full disk, read-only folder, missing permission.</summary>
/// <param name="message">What, where and what to do.</param>
/// <param name="innerException">What the system said.</param>
public sealed class FileWriteException(string message, Exception? innerException = null) : DuetException(message, innerException)
{
    private const int NotPermitted = 1;
    private const int InputOutput = 5;
    private const int NoDeviceAddress = 6;
    private const int AccessDenied = 13;
    private const int NoDevice = 19;
    private const int FileTooLarge = 27;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int NotConnected = 107;
    private const int StaleHandle = 116;
    private const int QuotaExceeded = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>Whether an exception is the system's answer to a write, which <see cref="For"/> can explain.</summary>
    /// <param name="exception">Any exception.</param>
    public static bool Explains(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <summary>Whether an exception says that there is no room left.</summary>
    /// <param name="exception">Any exception.</param>
    public static bool IsDiskFull(Exception exception) =>
        exception is IOException { HResult: NoSpace or QuotaExceeded or WindowsDiskFull };

    /// <summary>Says in one sentence what the system's error means and what to do.</summary>
    /// <param name="path">What was being written.</param>
    /// <param name="exception">The system's error.</param>
    public static FileWriteException For(string path, Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var message = exception switch
        {
            _ when IsDiskFull(exception) => $"Can't write '{path}': the disk is full. Free some space there and run the command again.",
            IOException { HResult: ReadOnlyFileSystem } => $"Can't write '{path}': the file system is read-only. Choose a folder that can be written.",
            UnauthorizedAccessException or IOException { HResult: AccessDenied or NotPermitted } =>
                $"Can't write '{path}': permission denied. Choose a folder that you may write to, or change its permissions.",
            IOException { HResult: InputOutput or NoDeviceAddress or NoDevice or NotConnected or StaleHandle } =>
                $"Can't write '{path}': its disk or mount does not answer ({exception.Message.TrimEnd('.')}). Check the disk, mount it again, and run the command again.",
            IOException { HResult: FileTooLarge } => $"Can't write '{path}': it would be larger than this file system or a limit ('ulimit -f') allows. Raise the limit or choose another folder.",
            _ => $"Can't write '{path}': {exception.Message.TrimEnd('.')}.",
        };
        return new FileWriteException(message, exception);
    }
}
