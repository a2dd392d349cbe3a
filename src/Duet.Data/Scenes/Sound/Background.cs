namespace Duet.Data.Scenes.Sound;

/// <summary>What sounds besides the action and knows nothing of it: a bed of noise, and a few strokes of unseen things.</summary>
internal static class Background
{
    private static readonly string[] Beds = ["white", "pink", "brown", "hum", "babble"];

    /// <summary>A bed of unit RMS.</summary>
    public static (string Name, float[] Samples) Bed(int sampleRate, int count, Dice dice)
    {
        var name = dice.Pick(Beds);
        var noise = new NoiseSource(dice.Key());
        var samples = new float[count];
        switch (name)
        {
            case "white":
                Fill(samples, noise.Next);
                break;
            case "pink":
                Pink(samples, noise);
                break;
            case "brown":
                var level = 0.0;
                Fill(samples, () => level = (0.995 * level) + noise.Next());
                break;
            case "hum":
                Hum(samples, sampleRate, noise, dice);
                break;
            default:
                Babble(samples, sampleRate, noise, dice);
                break;
        }

        var power = 0.0;
        foreach (var sample in samples)
        {
            power += (double)sample * sample;
        }

        var scale = (float)(1 / Math.Sqrt((power / count) + 1e-12));
        for (var i = 0; i < count; i++)
        {
            samples[i] *= scale;
        }

        return (name, samples);
    }

    /// <summary>Sounds of things out of sight: a struck body, a burst or a chirp at a random moment.</summary>
    /// <param name="track">Where to add them.</param>
    /// <param name="rate">How many a second, on average.</param>
    /// <param name="level">Their amplitude at most.</param>
    public static void Strangers(SoundTrack track, double rate, double level)
    {
        var dice = track.Dice;
        var end = track.TimeOf(track.Samples.Length);
        for (var time = -0.5 - (Math.Log(1 - dice.Uniform(0, 1)) / Math.Max(rate, 1e-9)); time < end; time -= Math.Log(1 - dice.Uniform(0, 1)) / rate)
        {
            var loud = level * dice.Uniform(0.4, 1);
            var pitch = dice.LogUniform(150, 2500);
            var decay = dice.LogUniform(0.05, 0.5);
            switch (dice.Integer(3))
            {
                case 0:
                    Synthesis.Strike(track, time, pitch, decay, loud, [new(1, 1, 1), new(dice.Uniform(1.3, 3), 0.6, 0.7)]);
                    break;
                case 1:
                    Synthesis.Burst(track, time, pitch, dice.Uniform(0.7, 4), decay, loud * 0.6);
                    break;
                default:
                    Synthesis.Glide(track, time, pitch, pitch * dice.LogUniform(0.5, 2), decay / 2, decay, loud);
                    break;
            }
        }
    }

    private static void Fill(float[] samples, Func<double> next)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = (float)next();
        }
    }

    /// <summary>Three leaky integrators whose sum falls by 3 dB an octave within half a decibel (Kellet's economy filter).</summary>
    private static void Pink(float[] samples, NoiseSource noise)
    {
        var (a, b, c) = (0.0, 0.0, 0.0);
        for (var i = 0; i < samples.Length; i++)
        {
            var white = noise.Next();
            a = (0.99765 * a) + (white * 0.0990460);
            b = (0.96300 * b) + (white * 0.2965164);
            c = (0.57000 * c) + (white * 1.0526913);
            samples[i] = (float)(a + b + c + (white * 0.1848));
        }
    }

    private static void Hum(float[] samples, int sampleRate, NoiseSource noise, Dice dice)
    {
        var pitch = dice.Pick<double>([50, 60, 100, 120]) * dice.Uniform(0.98, 1.02);
        var levels = Enumerable.Range(0, 8).Select(_ => dice.Uniform(0.1, 1)).ToArray();
        var phases = levels.Select(_ => dice.Uniform(0, 2 * Math.PI)).ToArray();
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = (float)(0.4 * noise.Next());
        }

        for (var partial = 0; partial < levels.Length; partial++)
        {
            // A rotating phasor: no sine per sample.
            var (stepSine, stepCosine) = Math.SinCos(2 * Math.PI * pitch * (partial + 1) / sampleRate);
            var (sine, cosine) = Math.SinCos(phases[partial]);
            for (var i = 0; i < samples.Length; i++)
            {
                samples[i] += (float)(levels[partial] * sine);
                (sine, cosine) = ((sine * stepCosine) + (cosine * stepSine), (cosine * stepCosine) - (sine * stepSine));
            }
        }
    }

    /// <summary>Voices in another room: noise through wandering formants, in syllables.</summary>
    private static void Babble(float[] samples, int sampleRate, NoiseSource noise, Dice dice)
    {
        for (var voice = 0; voice < 3; voice++)
        {
            var filter = Biquad.BandPass(500, 4, sampleRate);
            var rate = dice.Uniform(2.5, 5);
            var centre = dice.LogUniform(300, 1200);
            var phase = dice.Uniform(0, 2 * Math.PI);
            for (var i = 0; i < samples.Length; i++)
            {
                var time = (double)i / sampleRate;
                if (i % 64 == 0)
                {
                    filter.TuneBandPass(centre * (1 + (0.4 * Math.Sin((1.3 * rate * time) + phase))), 4, sampleRate);
                }

                samples[i] += (float)(filter.Next(noise.Next()) * (0.6 + (0.4 * Math.Sin((2 * Math.PI * rate * time) + phase))));
            }
        }
    }
}
