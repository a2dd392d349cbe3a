using Duet.Learning.Native;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>
/// The shape in which a convolution is computed. oneDNN is faster in two dimensions than in three, and in channels-last memory the way there and back is a view:
/// <list type="bullet">
/// <item>1 x k x k over each frame alone: the frames are pictures of a larger batch;</item>
/// <item>k x 1 x 1 over each pixel alone: time is the height of a picture whose width is the frame's pixels.</item>
/// </list>
/// Chosen by shape and CPU, not by timing: other forms round otherwise, and a run must give the same bits again.
/// </summary>
internal sealed class ConvolutionForm
{
    private static readonly ConvolutionForm AsIs = new(Kind.AsIs);
    private readonly Kind kind;

    private ConvolutionForm(Kind kind) => this.kind = kind;

    private enum Kind
    {
        AsIs,
        Frames,
        Pixels,
    }

    /// <summary>The form for a convolution.</summary>
    /// <param name="kernel">Kernel size: (time,) height, width.</param>
    /// <param name="stride">As many.</param>
    /// <param name="padding">As many.</param>
    /// <param name="cpu">What computes it: with matrix tiles (AMX) the temporal one was measured faster in three dimensions.</param>
    public static ConvolutionForm Of(long[] kernel, long[] stride, long[] padding, CpuFeatures cpu) => kernel switch
    {
        [1, _, _] when stride[0] == 1 && padding[0] == 0 => new ConvolutionForm(Kind.Frames),
        [> 1, 1, 1] when stride is [_, 1, 1] && padding is [_, 0, 0] && !cpu.HasAmxBf16 => new ConvolutionForm(Kind.Pixels),
        _ => AsIs,
    };

    /// <summary>A weight <c>[out, in, time, height, width]</c> in this form.</summary>
    public Tensor Filters(Tensor weight) => kind switch
    {
        Kind.Frames => weight.squeeze(2),
        Kind.Pixels => weight.squeeze(4),
        _ => weight,
    };

    /// <summary>Numbers per axis (time, height, width) in this form.</summary>
    public long[] Axes(long[] numbers) => kind switch
    {
        Kind.Frames => numbers[1..],
        Kind.Pixels => numbers[..2],
        _ => numbers,
    };

    /// <summary>A channels-last map in this form: a view.</summary>
    public Tensor Lower(Tensor map)
    {
        var s = map.shape;
        return kind switch
        {
            Kind.Frames => map.permute(0, 2, 1, 3, 4).reshape(s[0] * s[2], s[1], s[3], s[4]),
            Kind.Pixels => map.reshape(s[0], s[1], s[2], s[3] * s[4]),
            _ => map,
        };
    }

    /// <summary>A channels-last map of this form in its own shape <c>[batch, channels, time, height, width]</c>: a view.</summary>
    public Tensor Raise(Tensor map, long[] shape) => kind switch
    {
        Kind.Frames => map.reshape(shape[0], shape[2], shape[1], shape[3], shape[4]).permute(0, 2, 1, 3, 4),
        Kind.Pixels => map.reshape(shape),
        _ => map,
    };
}
