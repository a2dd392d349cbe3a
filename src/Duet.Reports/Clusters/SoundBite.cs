using System.Buffers.Binary;

namespace Duet.Reports.Clusters;

/// <summary>
/// Makes a stretch of sound small enough for a page: an integer fraction of its sample rate, 8-bit mu-law (ITU-T G.711) in a WAV file.
/// Browsers play it without help, and it costs half of what 16-bit PCM does.
/// </summary>
internal static class SoundBite
{
    private const int HeaderLength = 58;
    private const int MuLaw = 7;

    /// <summary>How many source samples become one, so that the rate is at least <paramref name="wanted"/>.</summary>
    public static int Factor(int sampleRate, int wanted) => Math.Max(1, sampleRate / wanted);

    /// <summary>The WAV file's length, bytes.</summary>
    public static long Length(long samples) => HeaderLength + samples + (samples & 1);

    /// <summary>Encodes.</summary>
    /// <param name="samples">16-bit mono.</param>
    /// <param name="sampleRate">Their rate, Hz.</param>
    /// <param name="factor">How many of them become one.</param>
    public static byte[] Encode(ReadOnlySpan<short> samples, int sampleRate, int factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(factor);
        double[] filter = LowPass(factor);
        int count = samples.Length / factor;
        byte[] wav = new byte[Length(count)];
        WriteHeader(wav, sampleRate / factor, count);
        for (int i = 0; i < count; i++)
        {
            wav[HeaderLength + i] = Compress(Filtered(samples, (i * factor) + (factor / 2), filter));
        }

        return wav;
    }

    private static int Filtered(ReadOnlySpan<short> samples, int centre, double[] filter)
    {
        double sum = 0;
        int first = centre - (filter.Length / 2);
        for (int i = Math.Max(0, -first); i < filter.Length && first + i < samples.Length; i++)
        {
            sum += filter[i] * samples[first + i];
        }

        return (int)Math.Round(sum);
    }

    /// <summary>A windowed sinc that ends a little below the new rate's half; one tap of 1 where nothing is left out.</summary>
    private static double[] LowPass(int factor)
    {
        if (factor == 1)
        {
            return [1];
        }

        int half = 16 * factor;
        double[] taps = new double[(2 * half) + 1];
        double cut = 0.46 / factor; // cycles per source sample
        for (int i = -half; i <= half; i++)
        {
            double sinc = i == 0 ? 2 * cut : Math.Sin(2 * Math.PI * cut * i) / (Math.PI * i);
            taps[i + half] = sinc * (0.5 + (0.5 * Math.Cos(Math.PI * i / (half + 1))));
        }

        double gain = taps.Sum();
        return [.. taps.Select(t => t / gain)];
    }

    /// <summary>G.711 mu-law: sign, three bits of exponent, four of mantissa, all inverted.</summary>
    internal static byte Compress(int sample)
    {
        const int Bias = 0x84, Clip = 32635;
        int sign = sample < 0 ? 0x80 : 0;
        int magnitude = Math.Min(Math.Abs(sample), Clip) + Bias;
        int exponent = Math.Max(0, System.Numerics.BitOperations.Log2((uint)magnitude) - 7);
        return (byte)~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0F));
    }

    private static void WriteHeader(Span<byte> wav, int rate, int count)
    {
        "RIFF"u8.CopyTo(wav);
        BinaryPrimitives.WriteUInt32LittleEndian(wav[4..], (uint)(wav.Length - 8));
        "WAVEfmt "u8.CopyTo(wav[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(wav[16..], 18);
        BinaryPrimitives.WriteUInt16LittleEndian(wav[20..], MuLaw);
        BinaryPrimitives.WriteUInt16LittleEndian(wav[22..], 1); // mono
        BinaryPrimitives.WriteUInt32LittleEndian(wav[24..], (uint)rate);
        BinaryPrimitives.WriteUInt32LittleEndian(wav[28..], (uint)rate); // bytes per second
        BinaryPrimitives.WriteUInt16LittleEndian(wav[32..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(wav[34..], 8);
        "fact"u8.CopyTo(wav[38..]); // 36: no extension
        BinaryPrimitives.WriteUInt32LittleEndian(wav[42..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(wav[46..], (uint)count);
        "data"u8.CopyTo(wav[50..]);
        BinaryPrimitives.WriteUInt32LittleEndian(wav[54..], (uint)count);
    }
}
