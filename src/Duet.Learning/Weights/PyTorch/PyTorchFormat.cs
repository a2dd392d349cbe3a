namespace Duet.Learning.Weights.PyTorch;

/// <summary>What both of PyTorch's formats share.</summary>
internal static class PyTorchFormat
{
    /// <summary>The longest pickle that is read, bytes. A checkpoint's pickle only describes; its numbers lie elsewhere.</summary>
    public const int MaximumPickleBytes = 64 << 20;

    /// <summary>The error of a file that breaks a rule of its format.</summary>
    public static WeightsException Broken(string source, string what, Exception? inner = null) =>
        new($"'{source}' is not a whole PyTorch checkpoint: {what}. Make or fetch it again.", inner);

    /// <summary>The error of a file that asks for something that Duet does not do for strangers.</summary>
    public static WeightsException Refused(string source, string what) =>
        new($"'{source}' is refused: {what}. Reading it would take more than tensors and plain values. In Python, save the state dict alone: torch.save(model.state_dict(), FILE).");
}
