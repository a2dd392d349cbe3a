namespace Duet.Data.Scenes.Sound;

/// <summary>
/// The way from the source to the file: a microphone's colour (two bells and a tilt) and a few echoes, drawn without knowledge of the kind.
/// It is what keeps the mean spectrum from naming the kind. The direct sound passes without delay.
/// </summary>
internal sealed class Room
{
    private readonly double[] bells;
    private readonly double tilt;
    private readonly double wet;
    private readonly double[] delays;
    private readonly double feedback;

    public Room(Dice dice)
    {
        bells = [dice.LogUniform(150, 900), dice.Uniform(-9, 9), dice.LogUniform(900, 5000), dice.Uniform(-9, 9)];
        tilt = dice.Uniform(-0.45, 0.45);
        wet = dice.Uniform(0, 0.28);
        delays = [dice.Uniform(0.017, 0.026), dice.Uniform(0.028, 0.039), dice.Uniform(0.041, 0.053)];
        feedback = dice.Uniform(0.3, 0.72);
    }

    public void Apply(SoundTrack track)
    {
        var low = Biquad.Peak(bells[0], 0.8, bells[1], track.SampleRate);
        var high = Biquad.Peak(bells[2], 0.8, bells[3], track.SampleRate);
        var last = 0.0;
        var lines = delays.Select(seconds => new double[(int)(seconds * track.SampleRate)]).ToArray();
        for (var i = 0; i < track.Samples.Length; i++)
        {
            var input = high.Next(low.Next(track.Samples[i]));
            var direct = input + (tilt * last);
            last = input;
            var echo = 0.0;
            foreach (var line in lines)
            {
                var at = i % line.Length;
                var back = line[at];
                echo += back;
                line[at] = direct + (feedback * back);
            }

            track.Samples[i] = (float)(direct + (wet * echo));
        }
    }
}
