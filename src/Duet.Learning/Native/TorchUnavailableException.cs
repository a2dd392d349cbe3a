using Duet.Data;

namespace Duet.Learning.Native;

/// <summary>libtorch can't be loaded on this machine.</summary>
/// <param name="message">What, where and what to do.</param>
/// <param name="innerException">What the loader said.</param>
public sealed class TorchUnavailableException(string message, Exception? innerException = null) : DuetException(message, innerException);
