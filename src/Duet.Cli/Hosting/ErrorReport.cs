using Duet.Data;

namespace Duet.Cli.Hosting;

/// <summary>Turns an exception into one clear line and an exit code; a bug is printed in full.</summary>
internal static class ErrorReport
{
    // errno values that .NET keeps in the HResult of an IOException on Unix.
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int QuotaExceeded = 122;
    private const int TooManyOpenFiles = 24;

    /// <summary>Prints the error.</summary>
    /// <param name="exception">What the verb threw.</param>
    /// <param name="interrupted">Whether the user asked to stop.</param>
    /// <param name="error">Standard error.</param>
    /// <returns>The exit code.</returns>
    public static int Print(Exception exception, bool interrupted, TextWriter error)
    {
        switch (Unwrap(exception))
        {
            case OperationCanceledException when interrupted:
                error.WriteLine("interrupted");
                return ExitCodes.Interrupted;
            case DuetException expected:
                foreach (var line in expected.Message.Split('\n'))
                {
                    error.WriteLine($"error: {line}");
                }

                return expected.ExitCode;
            case IOException { HResult: NoSpace or QuotaExceeded } full:
                error.WriteLine($"error: the disk is full: {full.Message.TrimEnd('.')}. Free some space, or name another folder, and run the same command again.");
                return ExitCodes.Failed;
            case IOException { HResult: ReadOnlyFileSystem } readOnly:
                error.WriteLine($"error: this place can only be read: {readOnly.Message.TrimEnd('.')}. Name a folder that can be written.");
                return ExitCodes.Failed;
            case IOException { HResult: TooManyOpenFiles } files:
                error.WriteLine($"error: too many open files: {files.Message.TrimEnd('.')}. Raise the limit with 'ulimit -n 4096'.");
                return ExitCodes.Failed;
            case UnauthorizedAccessException denied:
                error.WriteLine($"error: {denied.Message.TrimEnd('.')}. Check the permissions, or name another folder.");
                return ExitCodes.Failed;
            case FileNotFoundException or DirectoryNotFoundException or PathTooLongException:
                error.WriteLine($"error: {Unwrap(exception).Message}");
                return ExitCodes.Failed;
            case IOException other:
                error.WriteLine($"error: {other.Message.TrimEnd('.')}. Check the disk and the paths, and run the same command again.");
                return ExitCodes.Failed;
            default:
                error.WriteLine($"error: {exception.Message}");
                error.WriteLine("This is a bug in Duet. Please report it with the command line and what follows.");
                error.WriteLine(exception.ToString());
                return ExitCodes.Failed;
        }
    }

    /// <summary>Parallel work wraps one cause in an aggregate.</summary>
    private static Exception Unwrap(Exception exception)
    {
        while (exception is AggregateException { InnerExceptions: [var only] })
        {
            exception = only;
        }

        return exception;
    }
}
