namespace Duet.Data.Scenes.Sound;

/// <summary>Puts action, unseen things and noise together at levels that are drawn without knowledge of the kind.</summary>
internal static class Mix
{
    public static short[] Down(SoundTrack action, SceneSetOptions options, Dice dice)
    {
        // The level of the action's loudest moments is fair to strokes and to steady sounds alike.
        Scale(action.Samples, 1 / Math.Max(1e-6, Loud(action.Audible, action.SampleRate)));
        var peak = 0f;
        foreach (var sample in action.Audible)
        {
            peak = Math.Max(peak, Math.Abs(sample));
        }

        var strangers = new SoundTrack(action.SampleRate, action.Audible.Length, dice);
        if (options.StrangerSounds > 0)
        {
            Background.Strangers(strangers, options.StrangerSounds, 0.5 * peak);
        }

        var (_, bed) = Background.Bed(action.SampleRate, action.Audible.Length, dice);
        var noise = (float)(options.NoiseLevel * Math.Pow(10, -dice.Uniform(10, 26) / 20));
        var mixed = new float[bed.Length];
        var highest = 1e-6f;
        for (var i = 0; i < mixed.Length; i++)
        {
            mixed[i] = action.Audible[i] + strangers.Audible[i] + (noise * bed[i]);
            highest = Math.Max(highest, Math.Abs(mixed[i]));
        }

        // Below full scale by 1 to 12 dB: nothing clips, and AAC has room for its ripples.
        var gain = Math.Pow(10, -dice.Uniform(1, 12) / 20) / highest * short.MaxValue;
        return [.. mixed.Select(sample => (short)Math.Round(sample * gain))];
    }

    /// <summary>The 95th percentile of the RMS over 20 ms.</summary>
    private static double Loud(ReadOnlySpan<float> samples, int sampleRate)
    {
        var window = sampleRate / 50;
        var levels = new double[samples.Length / window];
        for (var i = 0; i < levels.Length; i++)
        {
            var power = 0.0;
            foreach (var sample in samples.Slice(i * window, window))
            {
                power += (double)sample * sample;
            }

            levels[i] = Math.Sqrt(power / window);
        }

        Array.Sort(levels);
        return levels[(int)(0.95 * (levels.Length - 1))];
    }

    private static void Scale(Span<float> samples, double gain)
    {
        foreach (ref var sample in samples)
        {
            sample *= (float)gain;
        }
    }
}
