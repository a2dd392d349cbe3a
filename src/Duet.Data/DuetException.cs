namespace Duet.Data;

/// <summary>
/// An error that a user can cause and mend. Its message says what is wrong, where, and what to do next;
/// the command prints it as one line, without a stack trace, and ends with <see cref="ExitCode"/>.
/// </summary>
/// <param name="message">What, where and what to do, in one or two sentences.</param>
/// <param name="innerException">What the system said, where that adds something.</param>
public class DuetException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>The command's exit code: 1 for a failure, 2 for wrong use.</summary>
    public virtual int ExitCode => 1;
}

/// <summary>Wrong arguments or a wrong recipe: the command ends with exit code 2 before any data is touched.</summary>
/// <param name="message">What, where and what to do, in one or two sentences.</param>
/// <param name="innerException">What the system said, where that adds something.</param>
public class UsageException(string message, Exception? innerException = null) : DuetException(message, innerException)
{
    /// <inheritdoc/>
    public override int ExitCode => 2;
}

/// <summary>A store that was there can't be seen any more: no fault of a video, and nothing to count among bad samples.</summary>
/// <param name="message">What, where and what to do, in one or two sentences.</param>
/// <param name="innerException">What the system said, where that adds something.</param>
public sealed class StoreLostException(string message, Exception? innerException = null) : DuetException(message, innerException);

/// <summary>A store, shard or catalog that is missing, damaged, of another version, or can't be written.</summary>
/// <param name="message">What, where and what to do, in one or two sentences.</param>
/// <param name="innerException">What the system said, where that adds something.</param>
public class StoreException(string message, Exception? innerException = null) : DuetException(message, innerException);
