using Duet.Data;

namespace Duet.Reports;

/// <summary>A report's input that is missing or malformed: the message names the file and, where there is one, the line.</summary>
/// <param name="message">What, where and what to do, in one or two sentences.</param>
/// <param name="innerException">What the parser or the system said.</param>
public class ReportException(string message, Exception? innerException = null) : DuetException(message, innerException);
