using Duet.Data;

namespace Duet.Learning.Weights;

/// <summary>A file of weights that is damaged, of another version or network, or can't be written.</summary>
/// <param name="message">What, where and what to do, in one or two sentences.</param>
/// <param name="innerException">What the system said, where that adds something.</param>
public sealed class WeightsException(string message, Exception? innerException = null) : DuetException(message, innerException);
