namespace Duet.Learning.Tests.Audio;

/// <summary>The signals of Fixtures/make_logmel.py, by the same formula.</summary>
internal static class TestSignals
{
    public static float[] Make(int samples, int rate, int clip)
    {
        var state = 12345L + clip;
        var result = new float[samples];
        for (var i = 0; i < samples; i++)
        {
            var t = (double)i / rate;
            state = ((state * 1103515245) + 12345) & 0x7FFFFFFF;
            var noise = ((double)state / 0x7FFFFFFF) - 0.5;
            var tone = Math.Sin(2 * Math.PI * (200 + (60 * clip)) * t) + Math.Sin(2 * Math.PI * (500 + (4000 * t)) * t);
            result[i] = (float)((0.25 * tone) + (0.1 * noise));
        }

        return result;
    }
}
