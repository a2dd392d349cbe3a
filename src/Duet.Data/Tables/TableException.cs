namespace Duet.Data.Tables;

/// <summary>A table that is missing, damaged, of another format, or whose values can't be.</summary>
/// <param name="message">What, where and what to do, in one or two sentences.</param>
/// <param name="innerException">What the reader said, where that adds something.</param>
public sealed class TableException(string message, Exception? innerException = null) : DuetException(message, innerException);
