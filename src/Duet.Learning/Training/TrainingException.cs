using Duet.Data;

namespace Duet.Learning.Training;

/// <summary>Training can't go on: the loss is no number any more, too many samples are unreadable, no checkpoint can be used.</summary>
/// <param name="message">What, where and what to do.</param>
/// <param name="innerException">What caused it, where that adds something.</param>
public class TrainingException(string message, Exception? innerException = null) : DuetException(message, innerException);

/// <summary>The loss is no number any more.</summary>
/// <param name="message">What, where and what to do.</param>
public sealed class DivergenceException(string message) : TrainingException(message);
