namespace Duet.Data.Scenes.Kinds;

/// <summary>Irregular strokes with random strengths, and the two views of them that pictures need: the last one and the next one.</summary>
internal sealed class Strokes
{
    private Strokes(double[] times, double[] strengths)
    {
        Times = times;
        Strengths = strengths;
        Events = [.. times.Select((time, i) => new SceneEvent(time, strengths[i]))];
    }

    public double[] Times { get; }

    public double[] Strengths { get; }

    public IReadOnlyList<SceneEvent> Events { get; }

    public static Strokes Draw(SceneSetup setup, double least = 0.24, double most = 0.66, double weakest = 0.6)
    {
        var times = Onsets.Irregular(setup, least, most);
        return new Strokes(times, [.. times.Select(_ => setup.Dice.Uniform(weakest, 1))]);
    }

    public static Strokes At(double[] times, double[] strengths) => new(times, strengths);

    /// <summary>The last stroke and the seconds since it; -1 and infinity before the first.</summary>
    public (int Index, double Since) Last(double time)
    {
        var index = Onsets.Last(Times, time);
        return (index, index < 0 ? double.PositiveInfinity : time - Times[index]);
    }

    /// <summary>The next stroke and the seconds until it; the number of strokes and infinity after the last.</summary>
    public (int Index, double Until) Next(double time)
    {
        var index = Onsets.Last(Times, time) + 1;
        return (index, index >= Times.Length ? double.PositiveInfinity : Times[index] - time);
    }

    /// <summary>1 at a stroke, scaled by its strength and falling with a time constant.</summary>
    public double Flash(double time, double seconds)
    {
        var (index, since) = Last(time);
        return index < 0 ? 0 : Strengths[index] * Math.Exp(-since / seconds);
    }
}
