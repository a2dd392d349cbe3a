using System.Numerics;
using Duet.Learning.Audio;

namespace Duet.Learning.Tests.Audio;

/// <summary>The definition, term by term, in doubles: a sum over samples for every bin, HTK mel, triangles over Hz.</summary>
internal static class NaiveLogMel
{
    public static double[][] Compute(float[] signal, LogMelOptions o)
    {
        var window = (int)Math.Round(o.WindowMs.ToDouble() * o.SampleRate / 1000);
        var hop = (int)Math.Round(o.HopMs.ToDouble() * o.SampleRate / 1000);
        var (frames, first) = o.Padding switch
        {
            FramePadding.None => (1 + ((signal.Length - window) / hop), 0),
            FramePadding.Reflect => (1 + (signal.Length / hop), -window / 2),
            _ => (signal.Length / hop, -((window - hop) / 2)),
        };
        var result = new double[frames][];
        for (var t = 0; t < frames; t++)
        {
            var energy = new double[(o.FftSize / 2) + 1];
            for (var k = 0; k < energy.Length; k++)
            {
                var sum = Complex.Zero;
                for (var n = 0; n < window; n++)
                {
                    var at = first + (t * hop) + n;
                    at = at < 0 ? -at : at >= signal.Length ? (2 * (signal.Length - 1)) - at : at;
                    var hann = 0.5 - (0.5 * Math.Cos(2 * Math.PI * n / (o.Window == WindowShape.HannPeriodic ? window : window - 1)));
                    sum += hann * signal[at] * Complex.Exp(new Complex(0, -2 * Math.PI * k * n / o.FftSize));
                }

                energy[k] = Math.Pow(sum.Magnitude, o.Power);
            }

            result[t] = new double[o.MelBins];
            for (var m = 0; m < o.MelBins; m++)
            {
                var total = 0.0;
                for (var k = 0; k < energy.Length; k++)
                {
                    total += energy[k] * Filter(k * (double)o.SampleRate / o.FftSize, m, o);
                }

                var x = Math.Max(total, o.Floor);
                result[t][m] = o.Log switch
                {
                    LogCompression.Natural => Math.Log(x),
                    LogCompression.Log10 => Math.Log10(x),
                    _ => (o.Power == 1 ? 20 : 10) * Math.Log10(x),
                };
            }
        }

        return result;
    }

    private static double Filter(double hertz, int m, LogMelOptions o)
    {
        double Mel(double f) => 1127 * Math.Log(1 + (f / 700));
        double Edge(int i)
        {
            var (low, high) = (Mel(o.FMin), Mel(o.SampleRate / 2.0));
            return 700 * (Math.Exp((low + ((high - low) * i / (o.MelBins + 1))) / 1127) - 1);
        }

        var (left, peak, right) = (Edge(m), Edge(m + 1), Edge(m + 2));
        return hertz <= left || hertz >= right ? 0 : hertz <= peak ? (hertz - left) / (peak - left) : (right - hertz) / (right - peak);
    }
}
