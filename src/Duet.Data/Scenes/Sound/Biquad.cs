namespace Duet.Data.Scenes.Sound;

/// <summary>A second-order filter in transposed direct form II. Causal: it never moves an onset forward.</summary>
internal struct Biquad
{
    private double b0;
    private double b1;
    private double b2;
    private double a1;
    private double a2;
    private double z1;
    private double z2;

    /// <summary>Band-pass with unit gain at its centre.</summary>
    public static Biquad BandPass(double frequency, double quality, int sampleRate)
    {
        var filter = default(Biquad);
        filter.TuneBandPass(frequency, quality, sampleRate);
        return filter;
    }

    /// <summary>Moves a band-pass to another centre and keeps its state, for sounds whose colour changes.</summary>
    public void TuneBandPass(double frequency, double quality, int sampleRate)
    {
        var (sine, cosine) = Math.SinCos(2 * Math.PI * Limit(frequency, sampleRate) / sampleRate);
        var alpha = sine / (2 * quality);
        Set(alpha, 0, -alpha, 1 + alpha, -2 * cosine, 1 - alpha);
    }

    /// <summary>A bell of gain around a frequency.</summary>
    public static Biquad Peak(double frequency, double quality, double decibels, int sampleRate)
    {
        var (sine, cosine) = Math.SinCos(2 * Math.PI * Limit(frequency, sampleRate) / sampleRate);
        var alpha = sine / (2 * quality);
        var gain = Math.Pow(10, decibels / 40);
        var filter = default(Biquad);
        filter.Set(1 + (alpha * gain), -2 * cosine, 1 - (alpha * gain), 1 + (alpha / gain), -2 * cosine, 1 - (alpha / gain));
        return filter;
    }

    public double Next(double x)
    {
        var y = (b0 * x) + z1;
        z1 = (b1 * x) - (a1 * y) + z2;
        z2 = (b2 * x) - (a2 * y);
        return y;
    }

    private static double Limit(double frequency, int sampleRate) => Math.Clamp(frequency, 20, 0.45 * sampleRate);

    private void Set(double nb0, double nb1, double nb2, double na0, double na1, double na2)
    {
        b0 = nb0 / na0;
        b1 = nb1 / na0;
        b2 = nb2 / na0;
        a1 = na1 / na0;
        a2 = na2 / na0;
    }
}
