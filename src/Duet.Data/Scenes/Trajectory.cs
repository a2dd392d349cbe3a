namespace Duet.Data.Scenes;

/// <summary>
/// A smooth random path: at each knot the value starts to move to a new target and rests there until the next knot. Its motion has clear
/// beginnings, so it says when, as impacts do.
/// </summary>
internal sealed class Trajectory
{
    private readonly double[] targets;
    private readonly double[] moves;

    /// <summary>Makes a path through targets.</summary>
    /// <param name="knots">When each move begins, ascending, in seconds.</param>
    /// <param name="values">The value before the first knot, then the target of each: one more than the knots.</param>
    /// <param name="durations">How long each move lasts; at most the time to the next knot.</param>
    public Trajectory(double[] knots, double[] values, double[] durations)
    {
        Knots = knots;
        targets = values;
        moves = durations;
    }

    public double[] Knots { get; }

    /// <summary>A path whose targets are drawn from [0, 1], each at least <paramref name="leastStep"/> from the last.</summary>
    /// <param name="setup">Length and dice.</param>
    /// <param name="least">Shortest time between knots, seconds.</param>
    /// <param name="most">Longest time between knots, seconds.</param>
    /// <param name="move">Longest duration of a move, seconds.</param>
    /// <param name="leastStep">Smallest change of value; below 0.5.</param>
    public static Trajectory Wander(SceneSetup setup, double least, double most, double move, double leastStep)
    {
        var knots = Onsets.Irregular(setup, least, most);
        var values = new double[knots.Length + 1];
        values[0] = setup.Dice.Uniform(0, 1);
        for (var i = 1; i < values.Length; i++)
        {
            do
            {
                values[i] = setup.Dice.Uniform(0, 1);
            }
            while (Math.Abs(values[i] - values[i - 1]) < leastStep);
        }

        return new Trajectory(knots, values, Moves(knots, move));
    }

    /// <summary>A path that goes to and fro: targets alternate in sign, with random reach.</summary>
    public static Trajectory Alternate(SceneSetup setup, double least, double most, double move, double leastReach)
    {
        var knots = Onsets.Irregular(setup, least, most);
        var values = new double[knots.Length + 1];
        var side = setup.Dice.Sign();
        for (var i = 0; i < values.Length; i++, side = -side)
        {
            values[i] = side * setup.Dice.Uniform(leastReach, 1);
        }

        return new Trajectory(knots, values, Moves(knots, move));
    }

    public double At(double time)
    {
        var index = Onsets.Last(Knots, time);
        if (index < 0)
        {
            return targets[0];
        }

        var share = Math.Min(1, (time - Knots[index]) / moves[index]);
        return targets[index] + ((targets[index + 1] - targets[index]) * share * share * (3 - (2 * share)));
    }

    /// <summary>The rate of change, per second.</summary>
    public double SpeedAt(double time)
    {
        var index = Onsets.Last(Knots, time);
        if (index < 0)
        {
            return 0;
        }

        var share = (time - Knots[index]) / moves[index];
        return share >= 1 ? 0 : (targets[index + 1] - targets[index]) * 6 * share * (1 - share) / moves[index];
    }

    /// <summary>How far the move of a knot goes, with sign.</summary>
    public double Step(int knot) => targets[knot + 1] - targets[knot];

    public double Duration(int knot) => moves[knot];

    private static double[] Moves(double[] knots, double move)
    {
        var durations = new double[knots.Length];
        for (var i = 0; i < knots.Length; i++)
        {
            var free = i + 1 < knots.Length ? knots[i + 1] - knots[i] : move;
            durations[i] = Math.Min(move, 0.9 * free);
        }

        return durations;
    }
}
