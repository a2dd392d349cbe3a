using System.Diagnostics;
using Duet.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Duet.Learning.Models;

/// <summary>A short timing of a convolution and its gradient in bf16 and in fp32: processors name instructions that they run slowly, and virtual ones hide what they run them on.</summary>
internal static class Bf16Trial
{
    private const int Rounds = 5;
    private static readonly Lazy<double> Measured = new(Measure);

    /// <summary>How many times as fast bf16 is on this CPU with the present number of threads; measured once per process, in about a tenth of a second.</summary>
    public static double Speedup => Measured.Value;

    /// <exception cref="TorchUnavailableException">libtorch can't be loaded.</exception>
    private static double Measure()
    {
        TorchRuntime.EnsureLoaded();
        using var scope = NewDisposeScope();
        var (wide, narrow) = (double.MaxValue, double.MaxValue);
        for (var round = 0; round < Rounds; round++)
        {
            wide = Math.Min(wide, Time(ScalarType.Float32));
            narrow = Math.Min(narrow, Time(ScalarType.BFloat16));
        }

        return wide / narrow;
    }

    /// <summary>The spatial convolution of r2plus1d_18's conv3 over eight frames.</summary>
    private static double Time(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var convolution = new Convolution(128, 288, [1, 3, 3], [1, 1, 1], [0, 1, 1]);
        using var map = ChannelsLast.Ensure(zeros([2, 128, 4, 28, 28], type)).requires_grad_(true);
        var start = Stopwatch.GetTimestamp();
        convolution.forward(map).sum().backward();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
