using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Native;

/// <summary>
/// Tensors and plain numbers. TorchSharp wraps a number into a <see cref="Scalar"/>, hands its native handle on and lets go of it: the garbage collector may finalise it, and free the
/// number, while the native call still reads it, which gives a wrong number or an exception from nowhere, once in millions of calls. So do its operators (the sum of two tensors too:
/// it has a factor of 1), <c>square</c>, <c>linalg.vector_norm</c> and <c>ToDouble</c>. Here the number lives until the call has returned; a test keeps everything else from calling them.
/// </summary>
internal static class Arithmetic
{
    /// <summary><c>left + right</c>.</summary>
    public static Tensor Plus(this Tensor left, Tensor right)
    {
        using var factor = 1.ToScalar();
        return left.add(right, factor);
    }

    /// <summary><c>tensor += other</c>.</summary>
    public static Tensor AddInPlace(this Tensor tensor, Tensor other)
    {
        using var factor = 1.ToScalar();
        return tensor.add_(other, factor);
    }

    /// <summary><c>tensor += number</c>, of a tensor of integers too.</summary>
    public static Tensor AddInPlace(this Tensor tensor, long number)
    {
        using var scalar = number.ToScalar();
        using var factor = 1.ToScalar();
        return tensor.add_(scalar, factor);
    }

    /// <summary><c>tensor += number</c>.</summary>
    public static Tensor AddInPlace(this Tensor tensor, double number)
    {
        using var scalar = number.ToScalar();
        using var factor = 1.ToScalar();
        return tensor.add_(scalar, factor);
    }

    /// <summary><c>number - tensor</c>.</summary>
    public static Tensor SubtractedFrom(this Tensor tensor, double number)
    {
        using var scalar = number.ToScalar();
        using var factor = 1.ToScalar();
        return tensor.negative().add(scalar, factor);
    }

    /// <summary><c>tensor * number</c>.</summary>
    public static Tensor Times(this Tensor tensor, double number)
    {
        using var scalar = number.ToScalar();
        return tensor.mul(scalar);
    }

    /// <summary><c>tensor *= number</c>.</summary>
    public static Tensor MultiplyInPlace(this Tensor tensor, double number)
    {
        using var scalar = number.ToScalar();
        return tensor.mul_(scalar);
    }

    /// <summary><c>tensor / number</c>.</summary>
    public static Tensor Over(this Tensor tensor, double number)
    {
        using var scalar = number.ToScalar();
        return tensor.div(scalar);
    }

    /// <summary><c>tensor /= number</c>.</summary>
    public static Tensor DivideInPlace(this Tensor tensor, double number)
    {
        using var scalar = number.ToScalar();
        return tensor.div_(scalar);
    }

    /// <summary><c>tensor * tensor</c>.</summary>
    public static Tensor Squared(this Tensor tensor)
    {
        using var exponent = 2.ToScalar();
        return tensor.pow(exponent);
    }

    /// <summary><c>tensor = tensor ^ exponent</c>.</summary>
    public static Tensor RaiseInPlace(this Tensor tensor, double exponent)
    {
        using var scalar = exponent.ToScalar();
        return tensor.pow_(scalar);
    }

    /// <summary><c>max(tensor, least)</c>.</summary>
    public static Tensor AtLeast(this Tensor tensor, double least)
    {
        using var scalar = least.ToScalar();
        return tensor.clamp_min(scalar);
    }

    /// <summary><c>tensor = max(tensor, least)</c>.</summary>
    public static Tensor RaiseToAtLeast(this Tensor tensor, double least)
    {
        using var scalar = least.ToScalar();
        return tensor.clamp_min_(scalar);
    }

    /// <summary><c>tensor > number</c>, a tensor of truths.</summary>
    public static Tensor IsAbove(this Tensor tensor, double number)
    {
        using var scalar = number.ToScalar();
        return tensor.gt(scalar);
    }

    /// <summary>The number in a tensor of one.</summary>
    public static double Number(this Tensor tensor)
    {
        using var scalar = tensor.ToScalar();
        return scalar.ToDouble();
    }

    /// <summary>The truth in a tensor of one.</summary>
    public static bool IsTrue(this Tensor tensor)
    {
        using var scalar = tensor.ToScalar();
        return scalar.ToBoolean();
    }
}
