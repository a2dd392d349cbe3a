namespace Duet.Data.Scenes.Sound;

/// <summary>A resonance of a struck body.</summary>
/// <param name="Ratio">Its frequency over the base pitch.</param>
/// <param name="Level">Its amplitude at the stroke.</param>
/// <param name="Decay">Its time to fall by 60 dB, relative to the body's.</param>
internal readonly record struct Mode(double Ratio, double Level, double Decay);

/// <summary>Strokes added to a track. Each begins at its time to the sample, at full strength.</summary>
internal static class Synthesis
{
    /// <summary>ln(1000): a fall by 60 dB in units of the time constant.</summary>
    private const double Sixty = 6.907755;

    /// <summary>A struck body: decaying sines of fixed frequencies (a two-pole resonator each).</summary>
    public static void Strike(SoundTrack track, double time, double pitch, double decay, double level, ReadOnlySpan<Mode> modes)
    {
        foreach (var mode in modes)
        {
            var frequency = pitch * mode.Ratio;
            if (frequency > 0.45 * track.SampleRate)
            {
                continue;
            }

            var seconds = decay * mode.Decay;
            var omega = 2 * Math.PI * frequency / track.SampleRate;
            var radius = Math.Exp(-Sixty / (seconds * track.SampleRate));
            var feedback = 2 * radius * Math.Cos(omega);
            var y2 = 0.0;
            var y1 = level * mode.Level * Math.Sin(omega) * radius;
            foreach (ref var sample in track.From(time, seconds * 1.2))
            {
                sample += (float)y1;
                (y1, y2) = ((feedback * y1) - (radius * radius * y2), y1);
            }
        }
    }

    /// <summary>A tone that glides from one pitch to another while it decays: drops, thumps, chirps.</summary>
    /// <param name="track">Where to add it.</param>
    /// <param name="time">Its onset.</param>
    /// <param name="from">Pitch at the onset, Hz.</param>
    /// <param name="to">Pitch it approaches, Hz.</param>
    /// <param name="glide">Time constant of the approach, seconds.</param>
    /// <param name="decay">Time to fall by 60 dB.</param>
    /// <param name="level">Amplitude at the onset.</param>
    public static void Glide(SoundTrack track, double time, double from, double to, double glide, double decay, double level)
    {
        var phase = 0.0;
        var envelope = level;
        var fall = Math.Exp(-Sixty / (decay * track.SampleRate));
        var near = Math.Exp(-1 / (glide * track.SampleRate));
        var pitch = from;
        foreach (ref var sample in track.From(time, decay * 1.2))
        {
            phase += 2 * Math.PI * pitch / track.SampleRate;
            sample += (float)(envelope * Math.Sin(phase));
            envelope *= fall;
            pitch = to + ((pitch - to) * near);
        }
    }

    /// <summary>Band-passed noise that decays.</summary>
    public static void Burst(SoundTrack track, double time, double centre, double quality, double decay, double level)
    {
        var noise = new NoiseSource(track.Dice.Key());
        var filter = Biquad.BandPass(centre, quality, track.SampleRate);
        var fall = Math.Exp(-Sixty / (decay * track.SampleRate));

        // The band's share of white noise, so that narrow and wide bursts are equally loud.
        var envelope = level * Math.Sqrt(Math.Max(1, quality * track.SampleRate / (4 * centre)));
        foreach (ref var sample in track.From(time, decay * 1.2))
        {
            sample += (float)(envelope * filter.Next(noise.Next()));
            envelope *= fall;
        }
    }

    /// <summary>A plucked string after Karplus and Strong: a burst of noise circling in a delay line that loses its high partials.</summary>
    public static void Pluck(SoundTrack track, double time, double pitch, double decay, double level, double brightness)
    {
        var target = track.From(time, decay * 1.2);
        var period = track.SampleRate / pitch;

        // The mean of two neighbours delays by half a sample; the rest of the period's fraction is read between two places of the line.
        var length = Math.Max(2, (int)Math.Ceiling(period - 0.5));
        var fraction = length - (period - 0.5);
        Span<double> line = length <= 1024 ? stackalloc double[length] : new double[length];
        var noise = new NoiseSource(track.Dice.Key());
        var smooth = 0.0;
        var mean = 0.0;
        for (var i = 0; i < length; i++)
        {
            smooth += brightness * (noise.Next() - smooth);
            line[i] = smooth;
            mean += smooth / length;
        }

        var loss = Math.Exp(-Sixty * length / (decay * track.SampleRate));
        var position = 0;
        var last = 0.0;
        for (var i = 0; i < target.Length; i++)
        {
            var current = line[position];
            var next = line[position + 1 < length ? position + 1 : 0];
            var tuned = current + (fraction * (next - current));
            target[i] += (float)(level * (current - (i < length ? mean : 0)));
            line[position] = loss * 0.5 * (tuned + last - (i < length ? 2 * mean : 0));
            last = tuned;
            position = position + 1 < length ? position + 1 : 0;
        }
    }
}
